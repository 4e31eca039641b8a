"""A fault ends only the request that caused it; the rest of its batch is unaffected."""

from __future__ import annotations

from tests.engine.support import PROMPTS, Odd, Request, finish, ids_alone


def test_a_fault_of_one_request_fails_that_request(decoder, scheduler):
    good, bad = Request(PROMPTS[0]), Request(PROMPTS[1], constraint=Odd(fails_at=4))
    for request in (good, bad):
        scheduler.submit(request.sequence)
    finish(scheduler, good, bad)
    assert good.ids == ids_alone(decoder, PROMPTS[0])
    assert str(bad.error) == "a broken processor"
    assert len(bad.ids) == 3  # the fourth was not handed out yet


def test_a_fault_in_the_common_step_fails_only_the_one_that_has_it(
    decoder, scheduler, monkeypatch, caplog
):
    good = Request(PROMPTS[0], max_tokens=60)
    other = Request(PROMPTS[3], max_tokens=60, temperature=1.0, seed=1)
    bad = Request(PROMPTS[2], max_tokens=60)
    step = decoder.step

    def fail_with_the_bad_one(token, caches, *rest):
        row = scheduler.runner.rows.get(bad.sequence.row_number)
        if len(bad.ids) > 3 and row is not None and row.kv in caches:
            raise RuntimeError("a broken row")
        return step(token, caches, *rest)

    monkeypatch.setattr(decoder, "step", fail_with_the_bad_one)
    for request in (good, bad, other):
        scheduler.submit(request.sequence)
    finish(scheduler, good, bad, other)
    assert str(bad.error) == "a broken row"
    assert good.ids == ids_alone(decoder, PROMPTS[0], max_tokens=60)
    assert other.ids == ids_alone(decoder, PROMPTS[3], max_tokens=60, temperature=1.0, seed=1)
    assert "trying each alone" in caplog.text


def test_a_fault_while_a_request_leaves_is_no_fault_of_its_answer(
    decoder, scheduler, monkeypatch, caplog
):
    """Storing the shared prefix fails: the answer is complete, and other requests continue."""
    short, long = Request(PROMPTS[0], max_tokens=4), Request(PROMPTS[1], max_tokens=20)
    for request in (short, long):
        scheduler.submit(request.sequence)
    copy = scheduler.runner.prefixes.copy
    failed = []

    def fail_at_the_end_of_the_short_one(row, blocks):
        if short.is_done and not failed:
            failed.append(blocks)
            raise RuntimeError("no memory")
        copy(row, blocks)

    monkeypatch.setattr(scheduler.runner.prefixes, "copy", fail_at_the_end_of_the_short_one)
    finish(scheduler, short, long)
    assert len(failed) == 1
    assert short.reason == "length"
    assert short.ids == ids_alone(decoder, PROMPTS[0], max_tokens=4)
    assert long.ids == ids_alone(decoder, PROMPTS[1], max_tokens=20)
    assert "start over" in caplog.text
    assert scheduler._budget.live == 0


def test_all_requests_can_be_failed_whatever_the_pool_holds(scheduler, monkeypatch):
    requests = [Request(prompt) for prompt in PROMPTS]
    for request in requests:
        scheduler.submit(request.sequence)
    scheduler.step()

    def broken(row):
        raise RuntimeError("the arrays are broken")

    monkeypatch.setattr(scheduler.runner.pool, "release", broken)
    scheduler.fail_all(RuntimeError("a fault"))
    assert [str(request.error) for request in requests] == ["a fault"] * len(requests)
    assert scheduler.is_idle
    assert scheduler._budget.live == 0
