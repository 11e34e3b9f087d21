"""Marts have the columns that public material documents: their names, order and, where given, types.

Typed in from Unizin's pages on the marts, its release notes and the SQL of its users, not from the contracts.
``I`` is INT64, ``F`` FLOAT64, ``D`` DATE, ``T`` DATETIME, ``B`` BOOL, ``N`` NUMERIC, ``A`` an array; none:
STRING, or a type that is not said.
"""

from __future__ import annotations

from itertools import product

import pytest

import schemas

TYPES = {"I": "INT64", "F": "FLOAT64", "D": "DATE", "T": "DATETIME", "B": "BOOL", "N": "NUMERIC"}
HEAD = """udp_course_offering_id:I lms_course_offering_id sis_course_offering_id udp_person_id:I lms_person_id
    sis_person_id role role_status enrollment_status academic_term_name academic_term_start_date:D
    academic_organization_array:A academic_organization_display course_offering_title
    course_offering_start_date:D course_offering_subject course_offering_number course_offering_code
    num_students:I udp_course_section_id:I"""
STATUS = """udp_course_offering_id:I lms_course_offering_id academic_term_name academic_term_start_date:D
    academic_organization_array:A academic_organization_display course_offering_title
    course_offering_start_date:D course_offering_subject course_offering_number course_offering_code
    instructor_name_array:A instructor_lms_id_array:A instructor_display instructor_email_address_array:A
    instructor_email_address_display num_students:I status"""
SESSIONS = """role role_status enrollment_status num_sessions_10min:I num_sessions_20min:I
    num_sessions_30min:I total_time_seconds_10min:I total_time_seconds_20min:I total_time_seconds_30min:I"""
FILES = """num_views:I num_distinct_students:I num_enrolled_students:I student_udp_id_array:A
    instructor_name_array:A instructor_display instructor_email_address_array:A
    instructor_email_address_display course_offering_subject course_offering_number lms_course_offering_id
    course_offering_code academic_term_name"""
INACTIVE = """academic_organization_array:A academic_organization_display academic_term_name term_begin_date:D
    term_end_date:D course_offering_title course_start_date:D course_end_date:D instructor_display
    instructor_name_array:A instructor_email_address_array:A last_activity:T has_no_activity:I is_5_days:I"""
GRADES = """udp_person_id:I lms_person_id udp_course_offering_id:I lms_course_offering_id
    udp_academic_term_id:I lms_academic_term_id term_name le_current_score le_final_score run_date run_time"""
USAGE = """ed_app_id run_hour:T total_events:I total_events_1hour:I total_events_6hour:I total_events_12hour:I
    total_events_day:I total_events_week:I total_events_month:I total_events_year:I earliest_event_time:T
    latest_event_time:T ed_app_reporting low_events_flag low_hourly_events_flag"""
WEEK = """udp_person_id:I lms_person_id udp_course_offering_id:I lms_course_offering_id week_in_term:I
    week_start_date:D week_end_date:D"""
BUCKETS = ("tiny_", "small_", "medium_", "large_", "major_", "unweighted_")
SUBMITTED = [
    *(f"num_{bucket}submissions" for bucket in (*BUCKETS, "weighted_")),
    "num_submissions_without_due_date",
    "num_submissions_with_due_date",
    "num_submissions",
]
LEVEL1 = [*SUBMITTED, *(f"num_{bucket}assignments" for bucket in BUCKETS)]
SPREAD = [
    f"{start}{name.removeprefix('num_') if start[0] in 'tn' else name}:{kind}"
    for name, (start, kind) in product(
        SUBMITTED, (("avg_", "F"), ("sd_", "F"), ("total_", "I"), ("num_students_", "I"))
    )
]
SCORES = """student_activity_score:F student_activity_score_z student_activity_score_octile
    student_activity_score_octile_cumulative"""
METRICS = """university_id global_user_id:I canvas_user_id term_name session_name week_number:I campus_name
    academic_program course_code course_global_id:I course_canvas_id navigation_time:F num_sessions:I
    assignments_due:I submissions:I assignments_due_cumulative:I submissions_cumulative:I"""
WHO = """university_id global_user_id:I canvas_user_id term_name session_name campus_name academic_program
    course_code"""
WHEN = "week_number:I week_start_date:D week_end_date:D course_has_10_or_more_students:B"
FILE = "udp_course_offering_id:I udp_file_id:I lms_int_file_id"
COURSE = "udp_course_offering_id:I lms_course_offering_id udp_person_id:I lms_person_id"
DOCUMENTED = {
    "mart_general.lms_tool": f"""{HEAD} event_time canvas_tool asset_type asset_type_id asset_subtype
        asset_subtype_id""",
    "mart_general.lti_tool": f"""{HEAD} event_time launch_app_url launch_app_domain launch_app_name tool_name
        is_lti_tool is_redirect_tool""",
    "mart_general.tool_usage_metrics": USAGE,
    "mart_general.tool_usage_metrics_archive": USAGE,
    "mart_general.tool_low_events": """ed_app_id ed_app_reporting start_run_hour:T end_run_hour:T num_hours:I
        is_ongoing:B""",
    "mart_course_offering.status": STATUS,
    "mart_course_section.status": STATUS,
    "mart_course_offering.last_activity": f"{COURSE} role role_status enrollment_status",
    "mart_course_section.last_activity": f"{COURSE} role role_status enrollment_status",
    "mart_course_offering.long_inactivity": f"{COURSE} {INACTIVE}",
    "mart_course_section.long_inactivity": f"{COURSE} {INACTIVE}",
    "mart_course_offering.interaction_sessions": f"""{COURSE} academic_organization_display
        academic_organization_array:A academic_term_name {SESSIONS}""",
    "mart_course_section.interaction_sessions": f"{COURSE} {SESSIONS}",
    "mart_course_offering.file_interaction": f"{FILE} {FILES}",
    "mart_course_offering.file_interactions": f"udp_course_offering_id udp_file_id {FILES} display_name size",
    "mart_course_section.file_interaction": f"{FILE} {FILES}",
    "mart_course_offering.learning_environment_organization": f"""{COURSE}
        udp_learning_environment_organization_id lms_learning_environment_organization_id academic_term_name
        academic_term_start_date:D course_offering_title parent_learning_environment_organization_id
        parent_learning_environment_organization sub_learning_environment_organization_2
        sub_learning_environment_organization_3 num_students:I""",
    "mart_course_offering.daily_course_grade_record": GRADES,
    "mart_course_section.daily_course_grade_record": GRADES,
    "mart_taskforce.level1_aggregated": f"{WEEK} {' '.join(f'{name}:I' for name in LEVEL1)}",
    "mart_taskforce.level2_aggregated": f"{WEEK} {' '.join(f'{name}_z:F' for name in LEVEL1)}",
    "mart_taskforce.level2_course_weekly_distribution_summary": f"""udp_course_offering_id:I week_in_term:I
        {" ".join(SPREAD)}""",
    "mart_taskforce.course_profile": """course_section_id course_offering_id academic_term_id:I course_title
        course_subject course_number course_code course_start_date course_end_date available_credits
        delivery_mode is_graded is_honors max_enrollment course_type program_name academic_career_name
        instructor_name_array:A num_instructors num_students num_published_assignments
        num_unpublished_assignments avg_assignment_score num_active_modules num_unpublished_modules
        num_published_quizzes num_unpublished_quizzes avg_quiz_score num_active_discussions
        num_unpublished_discussions term_name term_type term_begin_date term_end_date""",
    "mart_taskforce.student_term_profile": """person_id academic_term_id:I athletic_participant_sport
        cen_academic_level cen_academic_load eot_academic_load gpa_academic_term:N gpa_cumulative:N
        in_honors_program:I registration_status us_residency is_english_first_language
        is_first_generation_hed_student race_indication is_minority sex academic_career_name directory_block
        academic_major_name academic_minor_name term_name term_type term_begin_date term_end_date""",
    "mart_student_activity_score.student_course_metrics": METRICS,
    "mart_student_activity_score.student_course_section_metrics": METRICS,
    "mart_student_activity_score.course_final": f"{WHO} course_global_id:I course_canvas_id {WHEN} {SCORES}",
    "mart_student_activity_score.course_section_final": f"""{WHO} course_global_id:I course_canvas_id
        course_section_code course_section_global_id:I course_section_canvas_id {WHEN} {SCORES}""",
    "mart_student_activity_score.final": """average_student_activity_score:F
        average_student_activity_score_octile""",
    "udp_distributions.context_store_distributions": """entity field_name field_value
        distribution_type avg_field_value:N median_field_value:N sd_field_value:N min_field_value:N
        max_field_value:N field_source number_of_dependencies:I""",
    "mart_helper.context__course_offering": "course_offering_id sis_id title",
    "mart_helper.context__course_offering__enrollment": """lms_course_offering_id instructor_display
        instructor_email_address_display""",
}  # fmt: skip
ROLLING = {
    name.replace(".", "_rolling.", 1): text
    for name, text in DOCUMENTED.items()
    if name.startswith(("mart_taskforce.level", "mart_student_activity_score."))
}
HELPERS = {  # seen in users' SQL or release notes, without their columns
    "context__taskforce__assignments_submissions",
    "event__general__tool_usage_preagg",
    "context__student_activity_score__assignments",
    "context__student_activity_score__submissions",
    "event__student_activity_score__navigation_time",
}


@pytest.mark.parametrize("name", [*DOCUMENTED, *ROLLING])
def test_documented_columns_stand_in_their_order(name: str) -> None:
    """Every documented column is there, of its type, and no two stand in another order than documented."""
    columns = {column.name: column for column in schemas.mart(name).table.columns}
    wanted = [word.partition(":")[::2] for word in (DOCUMENTED | ROLLING)[name].split()]
    assert [column for column in columns if column in dict(wanted)] == [column for column, _ in wanted]
    for column, letter in wanted:
        assert (columns[column].mode == "REPEATED") == (letter == "A"), column
        if letter in TYPES:
            assert columns[column].type == TYPES[letter], column


def test_every_documented_mart_is_there() -> None:
    """There is every mart that is documented, helpers included, and none but helpers beside them."""
    there = {mart.name for mart in schemas.marts()}
    # Documented as its course's twin; proposed, as no table of such figures is public.
    beside = {
        "mart_course_section.learning_environment_organization",
        "udp_distributions.event_store_distributions",
        "udp_distributions.pack_distributions",
    }
    assert there >= {*DOCUMENTED, *ROLLING, *beside, *(f"mart_helper.{name}" for name in HELPERS)}
    others = there - {*DOCUMENTED, *ROLLING} - beside
    assert {name.partition(".")[0] for name in others} == {"mart_helper"}
