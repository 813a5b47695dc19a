"""deploy/manifests: made from the chart, and usable with kustomize."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.deployment import ROOT, script

pytest.importorskip("helm_python", reason="Helm's library is not packed for this machine")
manifests = script(ROOT / "scripts/manifests.py")


def test_they_are_up_to_date() -> None:
    command = [sys.executable, ROOT / "scripts/manifests.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_not_up_to_date_is_named_and_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(manifests.CHART, tmp_path / "chart")
    monkeypatch.setattr(manifests, "ROOT", tmp_path)
    monkeypatch.setattr(manifests, "CHART", tmp_path / "chart")
    monkeypatch.setattr(manifests, "MANIFESTS", tmp_path / "manifests")
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests/gone.yaml").write_text("")

    assert manifests.main(["--check"]) == 1
    assert manifests.main([]) == 0
    assert manifests.main(["--check"]) == 0
    assert not (tmp_path / "manifests/gone.yaml").exists()


def test_nothing_in_them_is_helms() -> None:
    for path in manifests.MANIFESTS.rglob("*.yaml"):
        assert "helm.sh" not in path.read_text()
        assert "managed-by: Helm" not in path.read_text()


def test_no_secret_is_in_them() -> None:
    kinds = {
        item["kind"] for text in manifests.files().values() for item in manifests.documents(text) if "kind" in item
    }

    assert "Secret" not in kinds


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed: see scripts/kubectl.sh")
def test_kustomize_builds_all_of_them() -> None:
    command = ["kubectl", "kustomize", manifests.MANIFESTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    built = [(item["kind"], item["metadata"]["name"]) for item in yaml.safe_load_all(done.stdout)]
    files = [path for path in manifests.MANIFESTS.glob("*.yaml") if path.stem != "kustomization"]
    written = [item for path in files for item in manifests.documents(path.read_text())]
    assert sorted(built) == sorted((item["kind"], item["metadata"]["name"]) for item in written)
