-- # People and courses

-- ## Who is in a section, and in which role?
-- A roster, with what Canvas calls people and the state of their enrolment.
SELECT cs.le_name AS section, p.name, e.role, e.role_status, e.enrollment_status, e.entry_date
FROM context_store_entity.course_section_enrollment AS e
JOIN context_store_entity.course_section AS cs ON cs.course_section_id = e.course_section_id
JOIN context_store_entity.person AS p ON p.person_id = e.person_id
ORDER BY cs.le_name, e.role DESC, p.name
LIMIT 100;

-- ## How many students does each course have?
SELECT co.subject, co.number, co.title, COUNT(DISTINCT e.person_id) AS students
FROM context_store_entity.course_offering AS co
JOIN context_store_entity.course_section AS cs ON cs.course_offering_id = co.course_offering_id
JOIN context_store_entity.course_section_enrollment AS e ON e.course_section_id = cs.course_section_id
WHERE e.role = 'Student' AND e.role_status = 'Enrolled'
GROUP BY co.subject, co.number, co.title
ORDER BY students DESC, co.subject, co.number
LIMIT 20;

-- ## Who teaches what, with how many students?
SELECT t.name AS teacher, COUNT(DISTINCT teach.course_section_id) AS sections,
  COUNT(DISTINCT student.person_id) AS students
FROM context_store_entity.course_section_enrollment AS teach
JOIN context_store_entity.person AS t ON t.person_id = teach.person_id
JOIN context_store_entity.course_section_enrollment AS student
  ON student.course_section_id = teach.course_section_id AND student.role = 'Student'
WHERE teach.role = 'Teacher'
GROUP BY t.person_id, t.name
ORDER BY students DESC, teacher
LIMIT 20;

-- ## Who has left a course, and when?
SELECT co.subject, co.number, p.name, e.role_status, e.entry_date, e.exit_date
FROM context_store_entity.course_section_enrollment AS e
JOIN context_store_entity.course_section AS cs ON cs.course_section_id = e.course_section_id
JOIN context_store_entity.course_offering AS co ON co.course_offering_id = cs.course_offering_id
JOIN context_store_entity.person AS p ON p.person_id = e.person_id
WHERE e.role = 'Student' AND e.role_status IN ('Dropped', 'Withdrawn')
ORDER BY e.exit_date, p.name
LIMIT 50;

-- ## Which ids has a course in Canvas and in the student information system?
-- The keymaps hold the ids of the source systems; `lms_int_id` is the long one that events carry.
SELECT co.title, k.sis_ext_id, k.lms_ext_id AS canvas_id, k.lms_int_id AS canvas_global_id
FROM context_store_entity.course_offering AS co
JOIN context_store_keymap.course_offering AS k ON k.id = co.course_offering_id
ORDER BY co.title
LIMIT 20;

-- # Grades

-- ## How are final grades distributed in each course?
-- One column a letter.
SELECT *
FROM (
  SELECT co.subject, co.number, SUBSTR(g.grade_on_official_transcript, 1, 1) AS letter, g.person_id
  FROM context_store_entity.course_grade AS g
  JOIN context_store_entity.course_section AS cs ON cs.course_section_id = g.course_section_id
  JOIN context_store_entity.course_offering AS co ON co.course_offering_id = cs.course_offering_id
)
PIVOT (COUNT(person_id) FOR letter IN ('A', 'B', 'C', 'D', 'F', 'W'))
ORDER BY subject, number
LIMIT 50;

-- ## Which courses have the most grades of D, F and W?
SELECT co.subject, co.number, COUNT(*) AS grades,
  COUNTIF(SUBSTR(g.grade_on_official_transcript, 1, 1) IN ('D', 'F', 'W')) AS dfw,
  ROUND(100 * SAFE_DIVIDE(
    COUNTIF(SUBSTR(g.grade_on_official_transcript, 1, 1) IN ('D', 'F', 'W')), COUNT(*)), 1) AS percent
FROM context_store_entity.course_grade AS g
JOIN context_store_entity.course_section AS cs ON cs.course_section_id = g.course_section_id
JOIN context_store_entity.course_offering AS co ON co.course_offering_id = cs.course_offering_id
WHERE g.grade_on_official_transcript IS NOT NULL
GROUP BY co.subject, co.number
HAVING grades >= 5
ORDER BY percent DESC, co.subject, co.number
LIMIT 20;

-- ## How does each student stand within the course?
-- The rank of the current score among all students of a section.
SELECT cs.le_name AS section, p.name, g.le_current_score,
  RANK() OVER (PARTITION BY g.course_section_id ORDER BY g.le_current_score DESC) AS place,
  COUNT(*) OVER (PARTITION BY g.course_section_id) AS students
FROM context_store_entity.course_grade AS g
JOIN context_store_entity.course_section AS cs ON cs.course_section_id = g.course_section_id
JOIN context_store_entity.person AS p ON p.person_id = g.person_id
WHERE g.le_current_score IS NOT NULL
ORDER BY section, place, p.name
LIMIT 100;

-- ## What is the GPA by level of study?
SELECT ps_student_level, COUNT(*) AS students, ROUND(AVG(gpa_academic_term), 2) AS term_gpa,
  ROUND(AVG(gpa_cumulative), 2) AS cumulative_gpa
FROM context_store_entity.person__academic_term
GROUP BY ps_student_level
ORDER BY students DESC;

-- # Work that is handed in

-- ## What is due in a week, and for how many points?
SELECT co.subject, co.number, la.title, la.due_date, la.points_possible
FROM context_store_entity.learner_activity AS la
JOIN context_store_entity.course_offering AS co ON co.course_offering_id = la.course_offering_id
WHERE la.due_date >= '{begin}' AND la.due_date < '{end}' AND la.status = 'published'
ORDER BY la.due_date, la.title
LIMIT 50;

-- ## Which students handed work in late?
SELECT p.name, la.title, la.due_date, r.response_date,
  TIMESTAMP_DIFF(TIMESTAMP(r.response_date), TIMESTAMP(la.due_date), HOUR) AS hours_late
FROM context_store_entity.learner_activity_result AS r
JOIN context_store_entity.learner_activity AS la ON la.learner_activity_id = r.learner_activity_id
JOIN context_store_entity.person AS p ON p.person_id = r.person_id
WHERE r.response_date > la.due_date
ORDER BY hours_late DESC, p.name, la.title
LIMIT 50;

-- ## Who has work missing?
-- Assignments of the student's courses that were due before a date and for which nothing was handed in.
SELECT p.name, COUNT(*) AS missing
FROM context_store_entity.course_section_enrollment AS e
JOIN context_store_entity.course_section AS cs ON cs.course_section_id = e.course_section_id
JOIN context_store_entity.learner_activity AS la ON la.course_offering_id = cs.course_offering_id
JOIN context_store_entity.person AS p ON p.person_id = e.person_id
LEFT JOIN context_store_entity.learner_activity_result AS r
  ON r.learner_activity_id = la.learner_activity_id AND r.person_id = e.person_id
  AND r.response_date IS NOT NULL
WHERE e.role = 'Student' AND e.role_status = 'Enrolled'
  AND la.status = 'published' AND la.due_date < '{end}'
  AND la.allowable_submission_types NOT IN ('none', 'on_paper', 'not_graded')
  AND r.learner_activity_result_id IS NULL
GROUP BY p.person_id, p.name
ORDER BY missing DESC, p.name
LIMIT 20;

-- ## How long do graders take?
SELECT co.subject, COUNT(*) AS graded,
  ROUND(AVG(TIMESTAMP_DIFF(TIMESTAMP(r.graded_date), TIMESTAMP(r.response_date), HOUR)) / 24, 1) AS days
FROM context_store_entity.learner_activity_result AS r
JOIN context_store_entity.learner_activity AS la ON la.learner_activity_id = r.learner_activity_id
JOIN context_store_entity.course_offering AS co ON co.course_offering_id = la.course_offering_id
WHERE r.graded_date > r.response_date
GROUP BY co.subject
ORDER BY days DESC, co.subject
LIMIT 20;

-- ## Which questions of a quiz are hard?
SELECT q.title AS quiz, i.position, i.quiz_item_type, COUNT(*) AS answers,
  ROUND(100 * AVG(IF(a.is_correct, 1, 0)), 1) AS percent_right
FROM context_store_entity.quiz_item_response AS a
JOIN context_store_entity.quiz_item AS i ON i.quiz_item_id = a.quiz_item_id
JOIN context_store_entity.quiz AS q ON q.quiz_id = i.quiz_id
GROUP BY q.quiz_id, q.title, i.quiz_item_id, i.position, i.quiz_item_type
HAVING answers >= 5
ORDER BY percent_right, quiz, i.position
LIMIT 20;

-- ## How long do students need for a quiz?
SELECT q.title AS quiz, COUNT(*) AS attempts, ROUND(AVG(r.time_taken) / 60, 1) AS minutes,
  APPROX_QUANTILES(r.time_taken, 2)[OFFSET(1)] / 60 AS median_minutes, ROUND(AVG(r.score), 1) AS score
FROM context_store_entity.quiz_result AS r
JOIN context_store_entity.quiz AS q ON q.quiz_id = r.quiz_id
WHERE r.time_taken > 0
GROUP BY q.quiz_id, q.title
ORDER BY attempts DESC, quiz
LIMIT 20;

-- ## Who writes in discussions?
SELECT p.name, COUNT(*) AS posts, COUNTIF(d.depth > 1) AS replies, ROUND(AVG(d.message_length)) AS letters
FROM context_store_entity.discussion_entry AS d
JOIN context_store_entity.person AS p ON p.person_id = d.person_id
GROUP BY p.person_id, p.name
ORDER BY posts DESC, p.name
LIMIT 20;

-- ## How far have students come in a course's modules?
SELECT co.subject, co.number, m.position, m.name, COUNT(*) AS students,
  ROUND(100 * COUNTIF(g.status = 'completed') / COUNT(*)) AS percent_completed
FROM context_store_entity.module AS m
JOIN context_store_entity.module_progression AS g ON g.module_id = m.module_id
JOIN context_store_entity.course_offering AS co ON co.course_offering_id = m.course_offering_id
GROUP BY co.subject, co.number, co.course_offering_id, m.module_id, m.position, m.name
ORDER BY co.subject, co.number, m.position
LIMIT 50;

-- # What people do

-- ## What happened in a week, by tool and kind of event?
SELECT COALESCE(REGEXP_EXTRACT(ed_app.id, r'://([^/]+)'), 'no tool named') AS tool, type, action, COUNT(*) AS events
FROM event_store.expanded
WHERE event_time >= '{begin}' AND event_time < '{end}'
GROUP BY tool, type, action
ORDER BY events DESC, type, action
LIMIT 20;

-- ## How does the use of a tool change from week to week?
SELECT DATE_TRUNC(DATE(event_time), WEEK(MONDAY)) AS week,
  COALESCE(JSON_VALUE(object.extensions, '$."com.instructure.canvas".asset_type'), object.type) AS asset,
  COUNT(*) AS events, COUNT(DISTINCT person.udp_id) AS people
FROM event_store.expanded
WHERE event_time >= '{first}' AND event_time < '{end}' AND type = 'NavigationEvent'
GROUP BY week, asset
ORDER BY week, events DESC
LIMIT 50;

-- ## Which courses are clicked most?
-- The join that production SQL makes: the course's long id stands at the end of the group's.
SELECT co.subject, co.number, co.title, COUNT(*) AS events
FROM event_store.expanded AS e
JOIN context_store_keymap.course_offering AS k ON k.lms_int_id = REGEXP_EXTRACT(e.`group`.id, r'.*:(.*)')
JOIN context_store_entity.course_offering AS co ON co.course_offering_id = k.id
WHERE e.event_time >= '{begin}' AND e.event_time < '{end}'
GROUP BY co.subject, co.number, co.title
ORDER BY events DESC, co.title
LIMIT 20;

-- ## Who has been silent longest?
-- The last event of every student who is enrolled, before a date; without one: never seen.
WITH seen AS (
  SELECT person.udp_id AS person_id, MAX(event_time) AS last_seen
  FROM event_store.expanded
  WHERE event_time >= '{first}' AND event_time < '{end}'
  GROUP BY person_id
)
SELECT p.name, s.last_seen, DATE_DIFF(DATE '{end}', DATE(s.last_seen), DAY) AS days
FROM (
  SELECT DISTINCT person_id
  FROM context_store_entity.course_section_enrollment
  WHERE role = 'Student' AND role_status = 'Enrolled'
) AS e
JOIN context_store_entity.person AS p ON p.person_id = e.person_id
LEFT JOIN seen AS s ON s.person_id = e.person_id
ORDER BY s.last_seen, p.name
LIMIT 50;

-- ## How long are people's sessions?
-- A session ends where nothing happens for 30 minutes.
WITH steps AS (
  SELECT person.udp_id AS person_id, event_time,
    LAG(event_time) OVER (PARTITION BY person.udp_id ORDER BY event_time) AS before
  FROM event_store.expanded
  WHERE event_time >= '{begin}' AND event_time < '{end}' AND person.udp_id IS NOT NULL
),
numbered AS (
  SELECT person_id, event_time,
    COUNTIF(before IS NULL OR DATETIME_DIFF(event_time, before, MINUTE) >= 30)
      OVER (PARTITION BY person_id ORDER BY event_time) AS session
  FROM steps
),
sessions AS (
  SELECT person_id, session, COUNT(*) AS events,
    DATETIME_DIFF(MAX(event_time), MIN(event_time), SECOND) AS seconds
  FROM numbered
  GROUP BY person_id, session
)
SELECT COUNT(*) AS sessions, COUNT(DISTINCT person_id) AS people,
  ROUND(AVG(events), 1) AS events_a_session, ROUND(AVG(seconds) / 60, 1) AS minutes
FROM sessions;

-- ## Which tools are launched from Canvas (LTI)?
SELECT JSON_VALUE(object.extensions, '$."com.instructure.canvas".asset_name') AS tool,
  COUNT(*) AS launches, COUNT(DISTINCT person.udp_id) AS people
FROM event_store.expanded
WHERE event_time >= '{begin}' AND event_time < '{end}'
  AND JSON_VALUE(object.extensions, '$."com.instructure.canvas".asset_type') = 'context_external_tool'
GROUP BY tool
ORDER BY launches DESC, tool;

-- ## When do people work?
-- Events by weekday and hour on the clock of the campus.
SELECT FORMAT_DATETIME('%A', DATETIME(event_time, '{zone}')) AS weekday,
  EXTRACT(HOUR FROM DATETIME(event_time, '{zone}')) AS hour, COUNT(*) AS events
FROM event_store.events
WHERE event_time >= '{begin}' AND event_time < '{end}'
GROUP BY weekday, hour
ORDER BY events DESC, weekday, hour
LIMIT 24;

-- ## Do students who are active early have better grades?
-- Events of the first weeks in fifths, and the mean of the final scores.
WITH early AS (
  SELECT person.udp_id AS person_id, COUNT(*) AS events
  FROM event_store.expanded
  WHERE event_time >= '{first}' AND event_time < '{end}'
  GROUP BY person_id
),
ranked AS (
  SELECT e.person_id, NTILE(5) OVER (ORDER BY e.events, e.person_id) AS fifth, e.events
  FROM early AS e
  WHERE e.person_id IN (SELECT person_id FROM context_store_entity.course_grade)
)
SELECT r.fifth, COUNT(DISTINCT r.person_id) AS students, ROUND(AVG(r.events)) AS events,
  ROUND(AVG(g.le_final_score), 1) AS final_score
FROM ranked AS r
JOIN context_store_entity.course_grade AS g ON g.person_id = r.person_id
GROUP BY r.fifth
ORDER BY r.fifth;
