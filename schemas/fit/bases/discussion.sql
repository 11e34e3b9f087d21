-- Discussions of courses, announcements left out.
SELECT discussion_id, course_offering_id, discussion_type
FROM context_store_entity.discussion
WHERE IFNULL(type, '') <> 'Announcement'
