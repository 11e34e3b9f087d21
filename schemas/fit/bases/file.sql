-- Files of courses.
SELECT file_id, course_offering_id, content_type, DIV(`size`, 1024) AS size_kb
FROM context_store_entity.file
WHERE owner_entity_type = 'course'
