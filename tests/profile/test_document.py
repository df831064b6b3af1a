"""Reading YAML: every scalar stays text with its line, and nothing dangerous or torn is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.profile.document import read_document

BROKEN = [
    # YAML that a profile does not need
    (
        "dry_run: false",
        "dry_run: &a false",
        "7: anchors and aliases (& and *) are not used in profiles; write the value out, or quote it",
    ),
    (
        "dry_run: false",
        "dry_run: *a",
        "7: anchors and aliases (& and *) are not used in profiles; write the value out, or quote it",
    ),
    (
        "dry_run: false",
        "dry_run: !!python/name:os.system x",
        "7: tags (!) are not used in profiles; write the plain value, or quote it",
    ),
    ("dry_run: false", "? [a, b]\n: 1", "7: a key must be plain text"),
    (
        "dry_run: false",
        "---\ndry_run: false",
        "7: a second document begins here; a profile is one document, remove the line ---",
    ),
    ("dry_run: false", f"x: {'[' * 30}{']' * 30}", "7: this is nested more than 20 deep; this can not be a profile"),
    # YAML that is none
    ("  rules: bybit", "\trules: bybit", "4:1: this line is indented with a tab; use spaces"),
    (
        "{kind: synthetic, price: 0.19933}",
        "{kind: synthetic",
        "7:8: this is not valid YAML (expected ',' or '}', but got ':' while parsing a flow mapping); "
        "check indentation, quotes and brackets",
    ),
    (
        'account: "001"',
        'account: "001',
        "20:1: this is not valid YAML (found unexpected end of stream while scanning a quoted scalar); "
        "check indentation, quotes and brackets",
    ),
]
"""What is replaced in the good profile, by what, and the one line that answers it."""

FILES = [
    (b"", ": is empty; begin with account: and venue:, or copy configs/demo.yaml"),
    (b"# nothing yet\n", ": is empty; begin with account: and venue:, or copy configs/demo.yaml"),
    (
        b"- a\n",
        ": is not a group of settings (lines of key: value); begin with account: and venue:, or copy configs/demo.yaml",
    ),
    (b'account: "001"\nvenue: \xff\xfe\n', ":2: this is not UTF-8 text; save the profile as UTF-8"),
    (b"\x00\x01\x02\x03", ": this is not a text file; a profile is YAML text"),
    (b"#" * (256 * 1024 + 1), ": is larger than 256 KiB; this can not be a profile"),
]
"""Contents of whole files."""


def test_scalars_stay_the_text_that_was_written(path: Path) -> None:
    """No float, octal number, date or boolean is made before somebody asks for one."""
    path.write_text('a: 0.10\nb: 001\nc: no\nd: 2026-01-01\ne: 1e3\nf: "x"\n')
    plain = read_document(path).root.plain()
    assert plain == {"a": "0.10", "b": "001", "c": "no", "d": "2026-01-01", "e": "1e3", "f": "x"}


def test_only_empty_tilde_and_null_mean_nothing(path: Path) -> None:
    """Quoted, they are text."""
    path.write_text("[~, null, '', 'null', \"~\", {a: }]")
    assert read_document(path).root.plain() == [None, None, "", "null", "~", {"a": None}]


def test_every_value_knows_the_line_of_its_key(path: Path) -> None:
    """Also where the value itself begins on a later line."""
    path.write_text("a: 1\nb:\n  c:\n    - 5\n    - {d: 6,\n       e: 7}\n")
    root = read_document(path).root
    assert isinstance(root.value, dict)
    inner = root.value["b"]
    assert isinstance(inner.value, dict)
    items = inner.value["c"]
    assert isinstance(items.value, list)
    deep = items.value[1]
    assert isinstance(deep.value, dict)
    assert (root.line, inner.line, items.line) == (1, 2, 3)
    assert [node.line for node in (*items.value, *deep.value.values())] == [4, 5, 5, 6]


def test_a_byte_order_mark_is_no_part_of_the_first_key(path: Path) -> None:
    """Editors on Windows write one."""
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    assert read_document(path).root.plain() == {"a": "1"}


@pytest.mark.parametrize(("old", "new", "sentence"), BROKEN, ids=[sentence[:60] for *_, sentence in BROKEN])
def test_what_a_profile_does_not_need_is_refused(
    good: str, complaint: Callable[[str], list[str]], old: str, new: str, sentence: str
) -> None:
    """With line (and column where YAML itself breaks) and remedy."""
    assert old in good
    assert complaint(good.replace(old, new, 1)) == [sentence]


@pytest.mark.parametrize(("content", "sentence"), FILES, ids=[sentence[:40] for _, sentence in FILES])
def test_what_is_no_profile_at_all_is_said(
    complaint: Callable[[bytes], list[str]], content: bytes, sentence: str
) -> None:
    """Empty, torn, binary and huge files are answered without guessing."""
    assert complaint(content) == [sentence.removeprefix(":")]


def test_a_missing_file_a_folder_and_an_unreadable_file_are_told_apart(tmp_path: Path) -> None:
    """The path is wrong, or its permissions are."""
    with pytest.raises(UsageError, match=r"none.yaml: there is no such file; check the path after --profile"):
        read_document(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match=r": this is a folder; name the profile in it"):
        read_document(tmp_path)
    loop = tmp_path / "loop.yaml"
    loop.symlink_to(loop)
    with pytest.raises(UsageError, match=r"loop.yaml: can not be read \(.+\); check its permissions"):
        read_document(loop)
