-- What people say in discussions.
SELECT discussion_entry_id, person_id, message_length
FROM context_store_entity.discussion_entry
