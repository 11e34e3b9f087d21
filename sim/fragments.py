"""Pieces of documents that belong to an object, a person or an enrolment, rendered once per unit.

Every function takes rows of one table and gives Arrow string arrays, one text per row. ``sim.reference``
says what they must add up to.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from sim.kinds import KIND, KINDS, Kind
from sim.reference import KEY
from sim.world import MEMBERSHIP_ROLES, SUBMISSION_TYPES, World

I64 = npt.NDArray[np.int64]
Rows = npt.NDArray[Any]
Texts = Any  # a string array of Arrow, which comes without types


def join(*parts: Any) -> Texts:
    """Element-wise concatenation of texts and arrays."""
    return pc.binary_join_element_wise(*parts, "")


def number(values: Rows) -> Texts:
    """Decimal texts."""
    return pa.array(values).cast(pa.string())


def escaped(texts: Texts) -> Texts:
    """Texts as the inside of JSON strings: quotes, backslashes and control characters escaped by orjson."""
    # Most texts need nothing: only those that do go through Python.
    odd = pc.match_substring_regex(texts, '["\\\\\\x00-\\x1f]')
    if not pc.any(odd).as_py():
        return texts
    rows = np.flatnonzero(odd.to_numpy(zero_copy_only=False))
    fixed = [orjson.dumps(text).decode()[1:-1] for text in texts.take(pa.array(rows)).to_pylist()]
    return pc.replace_with_mask(texts, odd, pa.array(fixed, pa.string()))


def score_text(hundredths: I64) -> Texts:
    """87.5, 87.25, 88: as ``reference.score`` and orjson write them."""
    whole, rest = hundredths // 100, hundredths % 100
    ends = pa.array(["", *(f".{r:02d}".rstrip("0") for r in range(1, 100))])
    return join(number(whole), ends.take(pa.array(rest)))


def time_text(ms: I64) -> Texts:
    """``2026-10-12T13:05:09.123Z`` for UTC ms."""
    return join(pc.strftime(pa.array(ms).cast(pa.timestamp("ms")), format="%Y-%m-%dT%H:%M:%S"), "Z")


class Fragments:
    """Fragment makers of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        host = world.tenant.host
        self.base = f"https://{host}"
        self.app = f'{{"id":"http://{host}/","type":"SoftwareApplication"}}'
        self.account = (
            f'"root_account_id":"{world.tenant.root_account_lms_id}",'
            f'"root_account_lti_guid":"{world.tenant.root_account_lti_guid}",'
            f'"root_account_uuid":"{world.tenant.root_account_uuid}","entity_id":"'
        )

    def actors(self, person: Rows) -> Texts:
        """A person as actor, in full."""
        user = number(self.world.persons.lms_id[person])
        extensions = self.actor_extensions(person)
        return join(
            '{"id":"urn:instructure:canvas:user:', user, '","type":"Person","extensions":', extensions, "}"
        )

    def actor_extensions(self, person: Rows) -> Texts:
        """What Canvas tells of an actor, as JSON."""
        people, rows = self.world.persons, pa.array(person)
        sis = escaped(people.sis_id.take(rows))
        sis_part = pc.coalesce(pc.binary_join_element_wise('"user_sis_id":"', sis, '",', ""), pa.scalar(""))
        login = escaped(people.login.take(rows))
        lms_id = number(people.lms_id[person])
        return join(f'{{"{KEY}":{{"user_login":"', login, '",', sis_part, self.account, lms_id, '"}}')

    def submitters(self, person: Rows) -> Texts:
        """A person as actor of a submission: the account, no login."""
        user = number(self.world.persons.lms_id[person])
        extensions = self.submitter_extensions(person)
        return join(
            '{"id":"urn:instructure:canvas:user:', user, '","type":"Person","extensions":', extensions, "}"
        )

    def submitter_extensions(self, person: Rows) -> Texts:
        """What Canvas tells of the actor of a submission, as JSON."""
        return join(f'{{"{KEY}":{{{self.account}', number(self.world.persons.lms_id[person]), '"}}')

    def graders(self, person: Rows) -> Texts:
        """A person as actor, bare."""
        return join(
            '{"id":"urn:instructure:canvas:user:',
            number(self.world.persons.lms_id[person]),
            '","type":"Person"}',
        )

    def memberships(self, enrolment: Rows) -> Texts:
        """Group and membership of an enrolment."""
        e = self.world.enrolments
        course = number(self.world.courses.lms_id[e.course[enrolment]])
        user = number(self.world.persons.lms_id[e.person[enrolment]])
        role = pa.array(MEMBERSHIP_ROLES).take(pa.array(e.membership_role[enrolment]))
        group = join('{"id":"urn:instructure:canvas:course:', course, '","type":"CourseOffering"')
        return join(
            ',"group":', group, f',"extensions":{{"{KEY}":{{"context_type":"Course","entity_id":"', course,
            '"}}},"membership":{"id":"urn:instructure:canvas:course:', course, ":", role, ":", user,
            '","type":"Membership","member":{"id":"urn:instructure:canvas:user:', user,
            '","type":"Person"},"organization":',
            group, '},"roles":["', role, '"]}',
        )  # fmt: skip

    def objects(self, kind: Kind, rows: Rows) -> tuple[Texts, Texts, Texts]:
        """(object with action, generated and referrer, request address) of rows of the kind's table."""
        referrer = self.referrers(kind, rows)
        generated = pa.repeat("", len(rows))
        if kind.name == "grade_change":
            generated = join(',"generated":', self.scores(rows))
        return (
            join(f',"action":"{kind.action}","object":', self._bodies(kind, rows), ',"eventTime":"'),
            join(
                '"',
                generated,
                *((',"referrer":"', referrer, '"') if kind.referrer_url(self.base) else ()),
                f',"edApp":{self.app}',
            ),
            join('","request_url":"', self.urls(kind, rows), '","version":"1.0.0"}}}'),
        )

    def referrers(self, kind: Kind, rows: Rows) -> Texts:
        """Addresses of the pages that lead there, "" where the vendor sends none."""
        return self._fill(kind.referrer_url(self.base), self._places(kind, rows), len(rows))

    def urls(self, kind: Kind, rows: Rows) -> Texts:
        """Addresses of the requests."""
        return self._fill(kind.url(self.base), self._places(kind, rows), len(rows))

    def object_ids(self, kind: Kind, rows: Rows) -> Texts:
        """Ids of objects. Discussion entries have the short id there, as the vendor sends them."""
        if kind.table == "none":
            return pa.repeat(f"http://{self.world.tenant.host}/", len(rows))
        if kind.table == "post":
            ids = self.world.posts.local_id[rows]
        elif kind.table == "submission":
            ids = self.world.submissions.lms_id[rows]
        else:
            ids = (self.world.courses if kind.table == "course" else self.world.objects[kind.table]).lms_id[
                rows
            ]
        return join(f"urn:instructure:canvas:{kind.urn}:", number(ids))

    def object_extensions(self, kind: Kind, rows: Rows) -> Texts:
        """The objects' extensions as JSON."""
        if kind.table == "none":
            return pa.repeat(f'{{"{KEY}":{{"redirect_url":"{self.base}/"}}}}', len(rows))
        if kind.is_view:
            return self._asset_extensions(kind, rows)
        if kind.table == "post":
            return join(f'{{"{KEY}":{{"entity_id":"', number(self.world.posts.local_id[rows]), '"}}')
        s = self.world.submissions
        entity = join('"entity_id":"', number(s.lms_id[rows]), '"}}')
        if kind.name == "quiz_submitted":
            return join(f'{{"{KEY}":{{', entity)
        if kind.name == "grade_change":
            return join(f'{{"{KEY}":{{"grade":"', score_text(s.score_hundredths[rows]), '",', entity)
        url = s.url.take(pa.array(rows))
        url_part = pc.if_else(pc.equal(url, ""), "", join('"url":"', escaped(url), '",'))
        types = pa.array(SUBMISSION_TYPES).take(pa.array(s.submission_type[rows]))
        return join(f'{{"{KEY}":{{"submission_type":"', types, '",', url_part, entity)

    def _asset_extensions(self, kind: Kind, rows: Rows) -> Texts:
        courses = self.world.courses
        on_course = kind.table == "course"
        table = courses if on_course else self.world.objects[kind.table]
        course = rows if on_course else self.world.objects[kind.table].course[rows]
        subtype = f'","asset_subtype":"{kind.asset_subtype}' if kind.asset_subtype else ""
        more: tuple[Any, ...] = ()
        if kind.table in ("file", "tool"):
            text = escaped(self.world.objects[kind.table].text.take(pa.array(rows)))
            if kind.table == "file":
                more = (',"filename":"', text, '","display_name":"', text, '"')
            else:
                more = (',"url":"https://', text, '/lti/launch","domain":"', text, '"')
        return join(
            f'{{"{KEY}":{{"asset_name":"', escaped(table.title.take(pa.array(rows))),
            f'","asset_type":"{kind.asset_type}{subtype}","entity_id":"', number(table.lms_id[rows]),
            '","context_account_id":"', number(courses.account_lms_id[course]),
            '","http_method":"GET"', *more, "}}",
        )  # fmt: skip

    def _bodies(self, kind: Kind, rows: Rows) -> Texts:
        """Objects as JSON: what all kinds share, then what the kind adds."""
        name = (
            f'"name":"{kind.asset_subtype or kind.asset_type}",'
            if kind.is_view and kind.object_type == "Entity"
            else ""
        )
        created = ""
        if kind.name == "submission_created":
            created = join('"dateCreated":"', time_text(self.world.submissions.submitted_ms[rows]), '",')
        return join(
            '{"id":"', self.object_ids(kind, rows), f'","type":"{kind.object_type}",{name}', created,
            '"extensions":', self.object_extensions(kind, rows), *self._more(kind, rows), "}",
        )  # fmt: skip

    def _more(self, kind: Kind, rows: Rows) -> tuple[Texts, ...]:
        """What follows the extensions."""
        if kind.table == "post":
            posts = self.world.posts
            topic = number(self.world.objects["discussion"].local_id[posts.discussion[rows]])
            part = join(
                ',"isPartOf":{"id":"urn:instructure:canvas:discussion:', topic, '","type":"Thread"},"body":"'
            )
            return part, join(escaped(posts.body.take(pa.array(rows))), '"')
        if kind.table != "submission":
            return ()
        s = self.world.submissions
        assignee = self._assignee(rows, with_sis=kind.name == "grade_change")
        if kind.name == "quiz_submitted":
            quiz = number(self.world.objects["quiz"].lms_id[s.quiz[rows]])
            return assignee, join(
                ',"assignable":{"id":"urn:instructure:canvas:quiz:', quiz, '","type":"Assessment"}'
            )
        if kind.name == "grade_change":
            return assignee, self._assignable(rows)
        body = s.body.take(pa.array(rows))
        body_part = pc.if_else(pc.equal(body, ""), "", join(',"body":"', escaped(body), '"'))
        return assignee, self._assignable(rows), join(',"count":', number(s.attempt[rows])), body_part

    def _assignee(self, rows: Rows, *, with_sis: bool) -> Texts:
        student = self.world.enrolments.person[self.world.submissions.enrolment[rows]]
        user = number(self.world.persons.lms_id[student])
        known: Any = ""
        if with_sis:
            sis = escaped(self.world.persons.sis_id.take(pa.array(student)))
            parts = pc.binary_join_element_wise(f',"extensions":{{"{KEY}":{{"sis_id":"', sis, '"}}', "")
            known = pc.coalesce(parts, pa.scalar(""))
        return join(',"assignee":{"id":"urn:instructure:canvas:user:', user, '","type":"Person"', known, "}")

    def _assignable(self, rows: Rows) -> Texts:
        assignment = number(self.world.objects["assignment"].lms_id[self.world.submissions.assignment[rows]])
        return join(
            ',"assignable":{"id":"urn:instructure:canvas:assignment:',
            assignment,
            '","type":"AssignableDigitalResource"}',
        )

    def scores(self, rows: Rows) -> Texts:
        """The generated score of a grade change."""
        s = self.world.submissions
        lms_id, grade = number(s.lms_id[rows]), score_text(s.score_hundredths[rows])
        # Canvas names the student as the grader of what it grades by itself.
        grader = np.where(s.grader_enrolment[rows] >= 0, s.grader_enrolment[rows], s.enrolment[rows])
        scored_by = number(self.world.persons.lms_id[self.world.enrolments.person[grader]])
        return join(
            '{"id":"urn:instructure:canvas:submission:', lms_id,
            '","type":"Score","extensions":', self.object_extensions(KINDS[KIND["grade_change"]], rows),
            ',"attempt":{"id":"urn:instructure:canvas:submission:', lms_id,
            f'","type":"Attempt","extensions":{{"{KEY}":{{"grade":"', grade, '"}}',
            self._assignee(rows, with_sis=True), self._assignable(rows), '},"maxScore":',
            score_text(s.points_hundredths[rows]), ',"scoreGiven":', grade,
            ',"scoredBy":"urn:instructure:canvas:user:', scored_by, '"}',
        )  # fmt: skip

    def _places(self, kind: Kind, rows: Rows) -> dict[str, Texts]:
        """What the addresses of a kind are made of."""
        objects, s, courses = self.world.objects, self.world.submissions, self.world.courses
        if kind.table == "course":
            return {"course": number(courses.local_id[rows])}
        if kind.table in objects:
            table = objects[kind.table]
            text = escaped(table.text.take(pa.array(rows)))
            return {
                "course": number(courses.local_id[table.course[rows]]),
                "id": number(table.local_id[rows]),
                "text": text,
            }
        if kind.table == "post":
            p = self.world.posts
            course = self.world.enrolments.course[p.enrolment[rows]]
            return {
                "course": number(courses.local_id[course]),
                "discussion": number(objects["discussion"].local_id[p.discussion[rows]]),
            }
        if kind.table == "submission":
            enrolment = s.enrolment[rows]
            places = {
                "course": number(courses.local_id[self.world.enrolments.course[enrolment]]),
                "user": number(self.world.persons.local_id[self.world.enrolments.person[enrolment]]),
                "assignment": number(objects["assignment"].local_id[s.assignment[rows]]),
            }
            if kind.name == "quiz_submitted":
                places["quiz"] = number(objects["quiz"].local_id[s.quiz[rows]])
            return places
        return {}

    @staticmethod
    def _fill(template: str, places: dict[str, Texts], rows: int) -> Texts:
        """A template with its places filled in, row by row."""
        pieces = template.replace("{", "\x00{").replace("}", "}\x00").split("\x00")
        parts = [places[piece[1:-1]] if piece.startswith("{") else piece for piece in pieces]
        return (
            join(*parts) if any(not isinstance(part, str) for part in parts) else pa.array([template] * rows)
        )
