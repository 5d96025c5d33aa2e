"""Has compliance-trestle, in an environment of its own, read the assessment results that we write.

`python -m tests.evidence.read_by_trestle PYTHON`: PYTHON is that environment's. Ends with its exit code.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.evidence.test_oscal import NEVER, REQUESTED, results

_READ = """
import sys
from pathlib import Path
from trestle.oscal.assessment_results import AssessmentResults
print("trestle has read", AssessmentResults.oscal_read(Path(sys.argv[1])).uuid)
"""


def read(python: str, document: Mapping[str, Any]) -> int:
    """0 if it could be read."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "assessment-results.json"
        file.write_text(json.dumps(document))
        return subprocess.run([python, "-c", _READ, str(file)], check=False).returncode


def main(python: str) -> int:
    return read(python, {"assessment-results": results(REQUESTED, NEVER)})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
