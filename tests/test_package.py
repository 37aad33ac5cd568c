"""Installed, the package is `initscope` and nothing else; plain or editable, it finds the page's files."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[1]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


def install(into: Path, *what: str) -> None:
    command = [*PIP, "install", "--no-deps", "--no-build-isolation", "--target", str(into), *what]
    subprocess.run(command, check=True, cwd=into)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of its own, so that building leaves nothing in this one."""
    copy = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-cf", copy / "all.tar", "-T", "-"], input=listed.stdout, cwd=ROOT, check=True)
    subprocess.run(["tar", "-xf", "all.tar"], cwd=copy, check=True)
    return copy


@pytest.fixture(scope="module")
def plain(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    install(folder, str(source))
    return folder


@pytest.fixture(scope="module")
def editable(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("editable")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "others.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    command = [*PIP, "--python", str(folder / "bin" / "python"), "install"]
    subprocess.run([*command, "--no-deps", "--no-build-isolation", "--editable", str(source)], check=True)
    return folder


def serve(command: list[str], environment: dict[str, str], cwd: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [*command, "--port", "0"], cwd=cwd, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        yield found[0]
    finally:
        process.terminate()
        process.wait(30)


def answers_with_all_its_files(url: str) -> None:
    with httpx.Client(base_url=url, timeout=60) as client:
        page = client.get("/stack?depth=2&width=8&batch=4").text
        files = set(re.findall(r'(?:src|href)="\.(/static/[^"]+)"', page))
        assert {name.rpartition("/")[2] for name in files} >= {"main.js", "style.css", "icon.svg", "charts.js"}
        assert {client.get(file).status_code for file in files} == {200}
        stream = client.get("/api/stack/stream?depth=2&width=8&batch=4").text
        assert "event: result" in stream
        assert "<math" in stream


def test_a_wheel_holds_the_whole_of_initscope_and_nothing_else(source: Path, tmp_path: Path) -> None:
    subprocess.run([*PIP, "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, source], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = {f"initscope/{path.relative_to(ROOT / 'app')}" for path in (ROOT / "app").rglob("*.*") if path.is_file()}
    expected |= {
        f"initscope/{path.relative_to(ROOT)}" for top in ("static", "templates") for path in (ROOT / top).iterdir()
    }
    assert held == {name for name in expected if "__pycache__" not in name}


def test_nothing_else_lands_in_site_packages(plain: Path) -> None:
    there = {path.name for path in plain.iterdir() if not path.name.endswith(".dist-info")}
    assert there == {"initscope", "bin"}


def test_installed_it_serves_and_finds_its_files(plain: Path, tmp_path: Path) -> None:
    for url in serve([sys.executable, "-m", "initscope"], {"PYTHONPATH": str(plain)}, tmp_path):
        answers_with_all_its_files(url)


def test_installed_to_be_edited_it_serves_and_finds_its_files(editable: Path, tmp_path: Path) -> None:
    for url in serve([str(editable / "bin" / "initscope")], {}, tmp_path):
        answers_with_all_its_files(url)


def test_a_script_imports_it_by_its_name(plain: Path, tmp_path: Path) -> None:
    script = "import initscope; print(initscope.run('stack', depth=2, width=8, batch=4).inits[0].layers[-1].layer)"
    environment = os.environ | {"PYTHONPATH": str(plain)}
    command = [sys.executable, "-c", script]
    said = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert said.stdout == "2\n"
