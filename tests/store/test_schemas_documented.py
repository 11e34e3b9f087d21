"""The contracts have the columns that public material documents, and call no others documented."""

from __future__ import annotations

import pytest

import schemas

# Columns that public UDP material names (data dictionary, SQL of My Learning Analytics and of UW-Madison).
DOCUMENTED = {
    "learner_activity": """learner_activity_id course_offering_id learner_activity_group_id all_day_date
        allowable_submission_types created_date description drop_rule due_date grade_type has_peer_reviews
        has_peer_reviews_assigned is_all_day is_anonymous_peer_reviews is_automatic_peer_reviews
        is_grade_group_students_individually is_hidden is_lockable locked_date peer_review_count
        peer_reviews_due_date points_possible position status title unlocked_date updated_date visibility""",
    "learner_activity_result": """learner_activity_result_id learner_activity_id person_id published_score
        published_grade response_date graded_date posted_at grading_status gradebook_status grade_state""",
    "course_section_enrollment": """course_section_id person_id role role_status enrollment_status
        credits_taken""",
    "academic_major": "academic_major_id academic_program_id cip_code2k code description",
    "academic_term": """academic_term_id name term_type term_begin_date term_end_date le_term_begin_date
        le_term_end_date""",
    "wiki_page": """wiki_page_id wiki_id body comments_count could_be_locked created_date editing_roles
        is_protected_editing revised_date status title updated_date url view_count""",
    "module_item": """module_item_id module_id course_offering_id discussion_id file_id learner_activity_id
        quiz_id wiki_page_id completion_type min_score position status title type url created_date
        updated_date""",
    "quiz_item": """quiz_item_id quiz_id quiz_item_group_id body correct_comments created_date
        incorrect_comments is_regrade_option_available name neutral_comments points_possible position
        quiz_item_type status updated_date""",
    "quiz_item_group": """quiz_item_group_id created_date name pick_count position quiz_item_points
        updated_date""",
    "module_item_completion": """module_item_completion_id module_item_id module_progression_id
        completion_status min_score requirement_type score""",
    "annotation": """annotation_id author_id author_name body_value created_date has_teacher_only_comments
        is_anonymous is_hidden learner_activity_result_id message_character_count message_line_count
        message_size_bytes message_word_count updated_date""",
    "person__academic_term": """person_id academic_term_id athletic_participant_sport cen_academic_level
        cen_academic_load eot_academic_load gpa_academic_term gpa_cumulative gpa_credits_units_hours
        registration_status in_honors_program""",
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_columns(name: str) -> None:
    """Columns that public material names are there and marked as documented."""
    table = schemas.table("context_store_entity", name)
    wanted = set(DOCUMENTED[name].split())
    assert wanted == {column.name for column in table.columns if column.provenance == "documented"}
