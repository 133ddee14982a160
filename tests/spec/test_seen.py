"""How often something was seen: as a dict would count it, in a few bytes each."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from evalkit.spec.seen import Seen, fingerprint

# Few, alike in their last bits, the least and the largest: places of the table are fought over.
prints = (
    st.integers(0, 40) | st.integers(0, 40).map(lambda n: n << 32) | st.sampled_from([2**64 - 1, 2**64 - 1024, 1023])
)


@given(st.lists(prints), st.lists(prints))
def test_it_counts_as_a_counter_does_and_a_copy_goes_on_by_itself(before: list[int], after: list[int]) -> None:
    seen, counted = Seen(), Counter[int]()
    for each in before:
        counted[each] += 1
        assert seen.times(each) == counted[each]
    other, counted_on = seen.copy(), counted.copy()
    for each in after:
        counted_on[each] += 1
        assert other.times(each) == counted_on[each]
    assert (len(seen), len(other)) == (len(counted), len(counted_on))


def test_a_hundred_thousand_take_less_than_4_megabytes_and_none_is_lost() -> None:
    seen = Seen()
    assert {seen.times(fingerprint(f"case-{n}")) for n in range(100_000)} == {1}
    assert seen.size <= 4_000_000
    assert {seen.times(fingerprint(f"case-{n}")) for n in range(100_000)} == {2}
    assert len(seen) == 100_000


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    assert [fingerprint("a"), fingerprint("é"), fingerprint("\ud800")] == [
        4681665781835383343,
        14635220546840893743,
        4758185216457903464,
    ]
