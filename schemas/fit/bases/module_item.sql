-- Items of modules, where the modules of the course ask for something.
WITH
asking AS (
  SELECT DISTINCT course_offering_id
  FROM context_store_entity.module_item
  WHERE completion_type IS NOT NULL
)
SELECT i.module_item_id, i.course_offering_id, i.type, i.completion_type
FROM context_store_entity.module_item AS i
JOIN asking AS a ON a.course_offering_id = i.course_offering_id
