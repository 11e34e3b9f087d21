-- The classes of the user agents that the pack has.
SELECT user_agent, class.device AS device, class.browser AS browser, class.system AS system
FROM (SELECT user_agent, {class} AS class FROM UNNEST([{agents}]) AS user_agent)
ORDER BY 1
