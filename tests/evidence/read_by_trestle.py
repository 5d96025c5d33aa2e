"""Has compliance-trestle, in an environment of its own, read the assessment results that we write.

`python -m tests.evidence.read_by_trestle PYTHON`: PYTHON is that environment's. Ends with its exit code.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.evidence.test_oscal import NEVER, REQUESTED, results

_READ = """
import sys
from pathlib import Path
from trestle.oscal.assessment_results import AssessmentResults
print("trestle has read", AssessmentResults.oscal_read(Path(sys.argv[1])).uuid)
"""


def main(python: str) -> int:
    """0 if it could be read."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "assessment-results.json"
        file.write_text(json.dumps({"assessment-results": results(REQUESTED, NEVER)}))
        return subprocess.run([python, "-c", _READ, str(file)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
