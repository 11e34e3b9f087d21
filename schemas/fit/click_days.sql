-- Clicks of students by the date on campus, of days on which not only few clicked.
SELECT click_date AS click_day, SUM(num_events) AS num_events, COUNT(DISTINCT person_id) AS num_people
FROM fit.click
WHERE NOT is_work AND click_date BETWEEN DATE '{begin_day}' AND DATE '{end_day}'
GROUP BY 1
HAVING COUNT(DISTINCT person_id) >= @threshold
ORDER BY 1
