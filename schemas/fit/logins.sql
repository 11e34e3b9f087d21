-- Visits, and those that begin with a login or end with a logout.
SELECT
  COUNTIF(is_start) AS visits,
  COUNTIF(type = 'SessionEvent' AND action = 'LoggedIn') AS logins,
  COUNTIF(type = 'SessionEvent' AND action = 'LoggedOut') AS logouts,
  COUNT(DISTINCT person_id) AS num_people
FROM fit.visit
