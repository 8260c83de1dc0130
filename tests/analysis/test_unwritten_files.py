"""Files that nobody wrote, and the line that keeps them out."""

from __future__ import annotations

import pytest

from opencode_tui.analysis.unwritten_files import ignore_line

SHOP = "/home/dev/build/shop"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("node_modules/react/index.js", "node_modules/"),
        (f"{SHOP}/web/node_modules", "node_modules/"),
        ("/usr/lib/python3.11/site-packages/x.py", "site-packages/"),
        ("package-lock.json", "package-lock.json"),
        (f"{SHOP}/api/go.sum", "go.sum"),
        (f"{SHOP}/dist/app.js", "dist/"),
        (f"{SHOP}/build/static/main.css", "build/"),
        (f"{SHOP}/vendor/github.com/x/y.go", "vendor/"),
        (f"{SHOP}/public/jquery.min.js", "*.min.*"),
        (f"{SHOP}/app.js.map", "*.js.map"),
        (f"{SHOP}/lib/model.g.dart", "*.g.dart"),
        ("build.log", "*.log"),
        (f"{SHOP}/logs/ci-1.log", "*.log"),
        (f"{SHOP}/npm-debug.log", "*.log"),
        (f"{SHOP}/logs/server.log.2", "*.log"),
        (f"{SHOP}/dist/build.log", "dist/"),
        (f"{SHOP}/web/tsconfig.tsbuildinfo", "*.tsbuildinfo"),
        ("api\\node_modules\\x\\y.js", "node_modules/"),
    ],
)
def test_packages_builds_locks_and_generated_files_have_a_line(path: str, line: str) -> None:
    assert ignore_line(path, SHOP) == line


@pytest.mark.parametrize(
    "path",
    [
        f"{SHOP}/src/app.js",
        "/home/dev/build/other/src/app.js",
        f"{SHOP}/build/webpack.config.js",
        f"{SHOP}/build/release.py",
        f"{SHOP}/target/README.md",
        f"{SHOP}/vendor",
        f"{SHOP}/src/locks.ts",
        f"{SHOP}/src/build.log.ts",
        f"{SHOP}/docs/log.md",
        f"{SHOP}/log",
        "/var/log/nginx/access.log",
        f"{SHOP}/maps/world.map",
        f"{SHOP}/package.json",
        "",
        "/",
        "dist",
        "build/",
        "/opt/vendor/",
    ],
)
def test_what_somebody_may_have_written_has_none(path: str) -> None:
    assert not ignore_line(path, SHOP)
