-- What a user agent is of: device, browser and system, out of a few words for each. An app names itself; NULL is a
-- program, or nothing that a browser says.
STRUCT(
  CASE
    WHEN STARTS_WITH(LOWER(user_agent), 'icanvas') OR STARTS_WITH(LOWER(user_agent), 'candroid') THEN 'mobile_app'
    WHEN NOT STARTS_WITH(user_agent, 'Mozilla/') THEN NULL
    WHEN STRPOS(user_agent, 'iPad') > 0 THEN 'tablet'
    WHEN STRPOS(user_agent, 'Android') > 0 AND STRPOS(user_agent, 'Mobile') = 0 THEN 'tablet'
    WHEN STRPOS(user_agent, 'iPhone') > 0 OR STRPOS(user_agent, 'Mobile') > 0 THEN 'mobile_web'
    ELSE 'desktop'
  END AS device,
  CASE
    WHEN STRPOS(user_agent, 'Edg') > 0 THEN 'Edge'
    WHEN STRPOS(user_agent, 'OPR/') > 0 THEN 'Opera'
    WHEN STRPOS(user_agent, 'Firefox/') > 0 OR STRPOS(user_agent, 'FxiOS/') > 0 THEN 'Firefox'
    WHEN STRPOS(user_agent, 'Chrome/') > 0 OR STRPOS(user_agent, 'CriOS/') > 0 THEN 'Chrome'
    WHEN STRPOS(user_agent, 'Safari/') > 0 THEN 'Safari'
    ELSE 'other'
  END AS browser,
  CASE
    WHEN STRPOS(user_agent, 'CrOS') > 0 THEN 'ChromeOS'
    WHEN STRPOS(user_agent, 'Android') > 0 OR STARTS_WITH(LOWER(user_agent), 'candroid') THEN 'Android'
    WHEN STRPOS(user_agent, 'iPhone') > 0 OR STRPOS(user_agent, 'iPad') > 0 OR STARTS_WITH(LOWER(user_agent), 'icanvas')
      THEN 'iOS'
    WHEN STRPOS(user_agent, 'Windows') > 0 THEN 'Windows'
    WHEN STRPOS(user_agent, 'Macintosh') > 0 THEN 'macOS'
    WHEN STRPOS(user_agent, 'Linux') > 0 THEN 'Linux'
    ELSE 'other'
  END AS system
)
