"""The comparison of printed texts tolerates rounding and nothing else."""

from __future__ import annotations

import pytest

from support.close_texts import CloseOutput, assert_close, difference


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("mean=0.1234 zero=50%", "mean=0.1235 zero=50%"),
        ("= 0.5", "= 0.5001"),
        ("= 1", "= 0.9999"),
        ("= 1e-05", "= 9.999e-06"),
        ("-3.12e-05]", "-3.121e-05]"),
        ("mean=~0 zero", "mean=0 zero"),
        ("mean=0 zero", "mean=~0 zero"),
        ("[~0 3]", "[~0 3]"),
        ("0.48148148148148145", "0.4814814814814815"),
        ('x="-123.45"', 'x="-123.46"'),
        ("0.1*0.05414 + 0.15*0.05426", "0.1*0.05415 + 0.15*0.05426"),
    ],
)
def test_rounding_differences_pass(found: str, expected: str) -> None:
    assert not difference(found, expected)
    assert not difference(expected, found)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("0.1234", "0.1244"),  # the third digit
        ("0.1234", "0.1236"),  # two units
        ("= 0.5", "= 0.6"),
        ("= 0.5", "= 0.502"),
        ("0:044 dL/dlogits", "0:045 dL/dlogits"),  # the number of a node
        ("= 1", "= -1"),
        ("0.4814", "-0.4814"),
        ("1.5e-05", "1.5e-06"),
        ("n=20", "n=21"),
        ("(10,2)", "(10,3)"),
        ("mean=~0", "mean=1e-17"),
        ("mean=0", "mean=1e-17"),
        ("mean=~0", "mean=0.1"),
        ("0.48148148148148145", "0.48148148150148145"),
        ("0.123456", "0.123459"),
        ("[1 2 3]", "[1 2]"),  # a number is missing
        ("[1 2]", "[1 2 ]"),
        ("mean=0.1 min", "mean=0.1 max"),
        ("W1", "W2"),
        ("h#2 = 0.5", "h#3 = 0.5"),
        ("fill=#102030", "fill=#102031"),
        ("numpy 2.4.6", "numpy 2.4.7"),
        ("nan", "0"),
        ("a  1", "a 1"),
        ("one\n", "one\ntwo\n"),
        ("one", "one\n"),
    ],
)
def test_other_differences_fail(found: str, expected: str) -> None:
    assert difference(found, expected)
    assert difference(expected, found)
    with pytest.raises(AssertionError, match="what was printed"):
        assert_close(found, expected, "what was printed")


def test_doctest_output_is_compared_alike() -> None:
    check = CloseOutput().check_output
    assert check("0.4814814814814815\n", "0.48148148148148145\n", 0)
    assert not check("0.4814814814814815\n", "0.48148148149148145\n", 0)
    assert not check("[1, 2]\n", "[1, 3]\n", 0)
