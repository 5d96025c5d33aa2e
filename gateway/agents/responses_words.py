"""The words that the Responses protocol itself uses, so that they are not scanned as if somebody had written them.

Source: the API reference of responses. What is not listed here is scanned: a word too few costs a little time, never a
finding. `authorization` and `token` are left out on purpose: as a label they tell what stands under them.
"""

from gateway.agents.bodies import Vocabulary
from gateway.agents.openai_words import CALL


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_KEYS = _set(
    "access_programs acknowledged_safety_checks action actions allowed_callers allowed_domains allowed_tools always "
    "annotation annotation_index annotations approval_request_id approve arguments async attributes background "
    "background_options button bytes cache_missed_tokens cache_write_tokens cache_write_tokens_details "
    "cached_image_tokens cached_text_tokens cached_tokens cached_tokens_details call_id caller caller_id categories "
    "category_applied_input_types category_scores city code command command_index commands compact_threshold "
    "comparison_response_id comparison_reusable_tokens completed_at completion_window complexity connector_id "
    "container container_id content content_index context context_compression context_management continuation_id "
    "conversation country created_at created_by cyber data defer_loading definition delta description detail "
    "detailed_explanation diff display_height display_width domain domain_secrets effort embedding_weight "
    "encrypted_content end_index env environment error error_type execution exit_code external_web_access file_data "
    "file_id file_ids file_url filename filters fingerprint flagged format frame_count frame_duration_ms "
    "generate_summary headers hybrid_search id image image_gen image_tokens image_url include include_obfuscation "
    "incomplete_details index input input_audio input_fidelity input_image_mask input_schema input_tokens "
    "input_tokens_details input_transformations instructions item item_id key keys logprob logprobs logs "
    "max_num_results max_output_length max_output_tokens max_tool_calls media_type memory_limit message metadata "
    "misalignment mode model moderation moderation_details moderation_stage name namespace network_policy never "
    "num_requests obfuscation object operation outcome output output_compression output_format output_index "
    "output_schema output_tokens output_tokens_details outputs parallel_tool_calls param parameters part "
    "partial_image_index partial_images path pattern pending_safety_checks phase policy previous_response_id prewarm "
    "prompt prompt_cache_breakpoint prompt_cache_diagnostics prompt_cache_key prompt_cache_options "
    "prompt_cache_retention quality queries query ranker ranking_options read_only reason reasoning reasoning_tokens "
    "refusal region require_approval response result results review_target revised_prompt role safety_identifier "
    "schema score score_threshold scroll_x scroll_y search_content_types search_context_size sequence_number "
    "server_description server_label server_url service_tier size skill_id skills source sources start_index status "
    "stderr stdout steer store stream stream_options strict summary summary_index svg svg_usage syntax temperature "
    "text text_tokens text_weight timeout_ms timezone title tool_choice tool_names tool_usage tools top_logprobs "
    "top_p total_tokens truncation ttl tunnel_id type url usage user user_location value variables vector_store_ids "
    "verbosity version web_search working_directory x y"
)
_TYPES = _set(
    "additional_tools allowed_tools allowlist and apply_patch apply_patch_call apply_patch_call_output approximate "
    "auto cache_hit cache_miss click code_interpreter code_interpreter_call compaction compaction_trigger "
    "comparison_response_not_found computer computer_call computer_call_output computer_screenshot computer_use "
    "computer_use_preview configuration_update container_auto container_file_citation container_reference create_file "
    "custom custom_tool_call custom_tool_call_output delete_file direct disabled double_click drag eq error exec exit "
    "file_citation file_path file_search file_search_call find_in_page function function_call function_call_output "
    "grammar gt gte http_error image image_generation image_generation_call in inline input_audio input_file "
    "input_image input_text item_reference json_object json_schema keypress local local_shell local_shell_call "
    "local_shell_call_output logs lt lte mcp mcp_approval_request mcp_approval_response mcp_call mcp_list_tools "
    "mcp_protocol_error mcp_tool_execution_error message moderation_result move namespace ne nin open_page or "
    "output_text program program_output programmatic_tool_calling reasoning reasoning_text refusal screenshot scroll "
    "search shell shell_call shell_call_output skill_reference summary_text text timeout tool_search tool_search_call "
    "tool_search_output type unavailable update_file url url_citation wait web_search web_search_call "
    "web_search_preview"
)
EVENTS = _set(
    "response.audio.transcript.delta response.audio.transcript.done "
    "response.code_interpreter_call.completed response.code_interpreter_call.in_progress "
    "response.code_interpreter_call.interpreting response.code_interpreter_call_code.delta "
    "response.code_interpreter_call_code.done response.compaction.compacting response.completed "
    "response.content_part.added response.content_part.done response.created response.custom_tool_call_input.delta "
    "response.custom_tool_call_input.done response.failed response.file_search_call.completed "
    "response.file_search_call.in_progress response.file_search_call.searching response.function_call_arguments.delta "
    "response.function_call_arguments.done response.image_generation_call.completed "
    "response.image_generation_call.generating response.image_generation_call.in_progress "
    "response.image_generation_call.partial_image response.in_progress response.incomplete "
    "response.mcp_call.completed response.mcp_call.failed response.mcp_call.in_progress "
    "response.mcp_call_arguments.delta response.mcp_call_arguments.done response.mcp_list_tools.completed "
    "response.mcp_list_tools.failed response.mcp_list_tools.in_progress response.output_item.added "
    "response.output_item.done response.output_text.annotation.added response.output_text.delta "
    "response.output_text.done response.queued response.reasoning_summary_part.added "
    "response.reasoning_summary_part.done response.reasoning_summary_text.delta response.reasoning_summary_text.done "
    "response.reasoning_text.delta response.reasoning_text.done response.refusal.delta response.refusal.done "
    "response.shell_call_command.added response.shell_call_command.delta response.shell_call_command.done "
    "response.shell_call_output_content.delta response.shell_call_output_content.done "
    "response.web_search_call.completed response.web_search_call.in_progress response.web_search_call.searching"
)
"""The events of a stream. Those that carry sounds are not among them: they cannot be inspected."""
_LEVELS = _set("auto none minimal low medium high xhigh max")
_WORDS = {
    "type": _TYPES | CALL.words["type"],
    "role": _set("assistant critic developer discriminator system tool unknown user"),
    "status": _set(
        "calling cancelled completed failed generating in_progress incomplete interpreting queued searching"
    ),
    "object": _set("response"),
    "detail": _set("auto high low original"),
    "effort": _LEVELS,
    "verbosity": _LEVELS,
    "quality": _LEVELS,
    "search_context_size": _LEVELS,
    "summary": _set("auto concise detailed"),
    "generate_summary": _set("auto concise detailed"),
    "mode": _set("auto required explicit implicit standard"),
    "execution": _set("client server"),
    "phase": _set("commentary final_answer"),
    "reason": _set("content_filter max_messages max_output_tokens"),
    "require_approval": _set("always never"),
    "service_tier": _set("auto default fast flex priority scale"),
    "tool_choice": _set("auto none required"),
    "truncation": _set("auto disabled"),
    "syntax": _set("lark regex"),
    "include": _set(
        "code_interpreter_call.outputs computer_call_output.output.image_url file_search_call.results "
        "message.input_image.image_url reasoning.encrypted_content web_search_call.action.sources "
        "web_search_call.results"
    ),
}
_TOKENS = (0, 9_999_999)
"""Counts of tokens: seven digits, too few for any identifier that is recognised by its digits alone."""
_TIME = (1_500_000_000, 1_999_999_999)
"""Seconds since 1970, from 2017 to 2033: no telephone number in international or national form begins so."""
_NAMES = _set(
    "id item_id call_id caller_id approval_request_id container_id connector_id tunnel_id file_id filename name "
    "namespace model previous_response_id server_label skill_id comparison_response_id continuation_id object status "
    "service_tier media_type"
)

BODY = Vocabulary(
    keys=_KEYS,
    words=_WORDS,
    numbers={
        "created_at": _TIME,
        "completed_at": _TIME,
        **dict.fromkeys(
            _set(
                "max_output_tokens input_tokens output_tokens total_tokens cached_tokens reasoning_tokens "
                "cache_write_tokens sequence_number compact_threshold timeout_ms"
            ),
            _TOKENS,
        ),
    },
    names=_NAMES,
)
"""Requests, answers and events: the protocol's objects bear the same names in all three."""

TOOL = Vocabulary(keys=_KEYS | CALL.keys, words=_WORDS, numbers=BODY.numbers, names=_NAMES)
"""Tools, and the JSON Schemas in them."""

FREE_KEYS = _set("metadata variables headers env attributes domain_secrets")
"""Members whose own keys are somebody's words."""

SCHEMAS = _set("parameters input_schema output_schema schema arguments")
"""Members that hold JSON Schemas or arguments: objects with a `type` of their own, none of the protocol's."""

ECHOES = _set("annotations results sources")
"""What a provider found or cited: naming a file here does not ask for it."""

TEXT_TYPES = _TYPES - _set("input_image input_file input_audio image computer_screenshot inline")
"""Objects whose texts are read where they stand; every other type is an attachment."""
