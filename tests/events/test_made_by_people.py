"""What people take away and whom they let in: deletions and enrolments by hand, with who did it."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pytest

from context.scenario.scenario import Scenario
from sim.caliper.kinds import KIND
from sim.world.world import INSTRUCTOR, NO_ROW, NO_TIME
from tests.events.test_draw import term
from tests.events.test_render_shape import ours_of
from tests.samples.tiny import TINY, store_of, tiny

BY_HAND = ("enrollment_created_by_hand", "enrollment_state_created_by_hand")
BY_JOB = ("enrollment_created", "enrollment_state_created")


@pytest.mark.parametrize(("kind", "table"), [("attachment_deleted", "file"), ("wiki_page_deleted", "page")])
def test_what_is_deleted_says_so(kind: str, table: str) -> None:
    """Each file and page that is deleted in the term has one event, and nobody changes or opens it after."""
    batch, detail = term(), getattr(tiny().world.details, table)
    gone = np.flatnonzero(batch.kind == KIND[kind])
    inside = (detail.deleted_ms >= tiny().calendar.open_ms) & (detail.deleted_ms < tiny().calendar.close_ms)
    assert sorted(batch.object[gone].tolist()) == np.flatnonzero(inside).tolist()
    changed, viewed = {
        "file": ("attachment_updated", "attachment"),
        "page": ("wiki_page_updated", "wiki_page"),
    }[table]
    when = dict(zip(batch.object[gone].tolist(), batch.time_ms[gone].tolist(), strict=True))
    for other in (changed, viewed):
        rows = np.flatnonzero(batch.kind == KIND[other])
        assert all(
            time < when[row]
            for row, time in zip(batch.object[rows].tolist(), batch.time_ms[rows].tolist(), strict=True)
            if row in when
        ), other


def test_enrolments_by_hand_are_instructors() -> None:
    """Who lets a student in teaches the course, was there before, and is somebody else; each is made once."""
    batch, world = term(), tiny().world
    seats, e = world.details.seat, world.enrolments
    made = {kind: np.flatnonzero(batch.kind == KIND[kind]) for kind in (*BY_HAND, *BY_JOB)}
    for by_hand, by_job in zip(BY_HAND, BY_JOB, strict=True):
        rows, jobs = made[by_hand], made[by_job]
        assert len(rows)
        assert not set(batch.object[rows].tolist()) & set(batch.object[jobs].tolist())
        assert (batch.enrolment[jobs] == NO_ROW).all()
        owner, seat = batch.enrolment[rows], batch.object[rows]
        assert (e.membership_role[owner] == INSTRUCTOR).all()
        assert (e.course[owner] == seats.course[seat]).all()
        assert (e.joined_ms[owner] < batch.time_ms[rows]).all()
        assert (e.person[owner] != seats.person[seat]).all()
    assert batch.object[made[BY_HAND[0]]].tolist() == batch.object[made[BY_HAND[1]]].tolist()


def test_enrolments_by_hand_have_the_vendors_membership() -> None:
    """The actor is a member of the section, which is part of the course; a state says until when it holds."""
    for document in ours_of("enrollment_created_by_hand")[0]:
        place = document["membership"]["organization"]
        assert document["membership"]["member"]["id"] == document["actor"]["id"]
        assert (place["id"], place["type"]) == (document["group"]["id"], "CourseSection")
        assert place["id"].startswith(place["subOrganizationOf"]["id"] + ":section:")
    for kind in ("enrollment_state_created", "enrollment_state_created_by_hand"):
        for document in ours_of(kind)[0]:
            facts = document["object"]["extensions"]["com.instructure.canvas"]
            assert facts["state_valid_until"] > document["eventTime"]


def test_pages_that_stay_have_no_end() -> None:
    """Only what the store says is deleted has a time at which it went."""
    pages = store_of(TINY).entity["wiki_page"]
    deleted = pc.sum(pc.equal(pages["status"].cast("string"), "deleted")).as_py()
    assert (tiny().world.details.page.deleted_ms != NO_TIME).sum() == deleted > 0


def test_the_default_host_has_no_canvas_in_it() -> None:
    """Production queries tell Canvas's web from its mobile application by that word."""
    assert "canvas" not in Scenario().host


def test_one_address_is_preferred() -> None:
    """Everybody has an address of the institution and one that is preferred; few people have a second."""
    emails = store_of(TINY.model_copy(update={"fte": 300, "incident": ()})).entity["person_email"]
    person = emails["person_id"].to_numpy()
    preferred = emails["is_preferred"].to_numpy()
    assert (np.bincount(person, preferred)[1:] == 1).all()
    many = np.bincount(person)[1:]
    # Six in a hundred: five standard deviations of some 450 people.
    assert abs((many == 2).mean() - 0.06) < 5 * (0.06 * 0.94 / len(many)) ** 0.5
    assert many.max() == 2
