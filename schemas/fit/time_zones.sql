-- The time zones that people chose, the most frequent first.
SELECT le_time_zone AS time_zone, COUNT(*) AS num_people
FROM context_store_entity.person
WHERE le_time_zone IS NOT NULL
GROUP BY 1
HAVING COUNT(*) >= @threshold
ORDER BY num_people DESC, time_zone
