"""Errors: each reason has a sentence, a status, and crosses processes whole."""

import pickle
import re
from string import punctuation

import pytest

from uploads import errors
from uploads.errors import UploadsError
from uploads.forms import sentence


def leaves(kind: type[UploadsError] = UploadsError) -> list[type[UploadsError]]:
    return [kind] if not kind.__subclasses__() else [leaf for sub in kind.__subclasses__() for leaf in leaves(sub)]


def evidence_of(kind: type[UploadsError]) -> dict[str, str]:
    return {name: f"«{name}»" for name in re.findall(r"%\((\w+)\)s", kind.message)}


@pytest.mark.parametrize("kind", leaves())
def test_a_reason_is_a_whole_sentence_with_its_evidence(kind):
    said = sentence(kind(**evidence_of(kind)))
    assert said[0] not in punctuation.replace("«", "")
    assert said.endswith(".")
    assert "%" not in said
    for value in evidence_of(kind).values():
        assert value in said


@pytest.mark.parametrize("kind", leaves())
def test_a_reason_comes_out_of_another_process_as_it_went_in(kind):
    error = kind(**evidence_of(kind))
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (copy.evidence, str(copy), copy.status) == (error.evidence, str(error), error.status)


def test_the_tree_that_the_module_draws_is_the_real_one():
    drawn, status = {}, 0
    for name, note in re.findall(r"[├└]── (\w+)(.*)", errors.__doc__):
        number = re.search(r"\d+$", note)
        status = int(number[0]) if number else status
        drawn[name] = status
    for group in ("Refusal", "SelectionError"):
        del drawn[group]
    assert drawn == {kind.__name__: kind.status for kind in leaves()}


def test_evidence_with_percent_signs_is_only_text():
    error = errors.FormatNotOffered(format="100%s", formats="%(x)s")
    assert "100%s pictures are not taken here. Choose one of: %(x)s." == sentence(error) == str(error)
