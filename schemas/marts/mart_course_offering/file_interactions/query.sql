-- One mart, two names.
SELECT
  f.udp_course_offering_id,
  f.udp_file_id,
  f.lms_int_file_id,
  f.num_views,
  f.num_distinct_students,
  f.num_enrolled_students,
  f.student_udp_id_array,
  f.instructor_name_array,
  f.instructor_display,
  f.instructor_email_address_array,
  f.instructor_email_address_display,
  f.course_offering_subject,
  f.course_offering_number,
  f.lms_course_offering_id,
  f.course_offering_code,
  f.academic_term_name,
  f.display_name,
  f.size
FROM mart_course_offering.file_interaction AS f
