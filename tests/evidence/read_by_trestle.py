"""Has compliance-trestle, in an environment of its own, read the assessment results of a bundle.

`python -m tests.evidence.read_by_trestle PYTHON`: PYTHON is that environment's. Ends with its exit code.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.evidence.forms import AssessmentFile

from .apart import FILES, Files, main_ledger
from .making import bundle
from .tampering import take_apart
from .test_forms import frameworks

_READ = """
import sys
from pathlib import Path
from trestle.common.err import TrestleError
from trestle.oscal.assessment_results import AssessmentResults
for name in sys.argv[1:]:
    try:
        print("trestle has read", AssessmentResults.oscal_read(Path(name)).uuid)
    except TrestleError as error:
        print("trestle refuses it")
"""


def written() -> bytes:
    """The file as it lies in a bundle: with emergency ledgers, and provisions with records and without."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "bundle.zip")
        files = Files(path.parent, FILES, {})
        bundle(main_ledger(), path, attachments=(AssessmentFile(frameworks),), emergencies=files)
        return take_apart(path.read_bytes())[AssessmentFile.path]


def read(python: str, *documents: bytes) -> list[str]:
    """What it says of each, by one process: it takes some seconds to be there."""
    with TemporaryDirectory() as folder:
        files = [Path(folder, f"{number}.json") for number in range(len(documents))]
        for file, document in zip(files, documents, strict=True):
            file.write_bytes(document)
        done = subprocess.run([python, "-c", _READ, *map(str, files)], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()


def main(python: str) -> int:
    (said,) = read(python, written())
    print(said)
    return 0 if said.startswith("trestle has read ") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
