-- One row a tool. Unizin keeps such a table; its rows are not public, so these are the tools of the public list.
SELECT 'engage' AS domain_part, 'Engage eReader' AS tool_name, TRUE AS is_lti_tool, FALSE AS is_redirect_tool UNION ALL
SELECT 'gradescope' AS domain_part, 'Gradescope' AS tool_name, TRUE AS is_lti_tool, FALSE AS is_redirect_tool UNION ALL
SELECT 'iclicker' AS domain_part, 'iClicker' AS tool_name, TRUE AS is_lti_tool, FALSE AS is_redirect_tool UNION ALL
SELECT 'kaltura' AS domain_part, 'Kaltura' AS tool_name, TRUE AS is_lti_tool, FALSE AS is_redirect_tool UNION ALL
SELECT 'leganto' AS domain_part, 'Ex Libris Leganto' AS tool_name, TRUE AS is_lti_tool, FALSE AS is_redirect_tool UNION ALL
SELECT 'packback' AS domain_part, 'Packback' AS tool_name, TRUE AS is_lti_tool, FALSE AS is_redirect_tool UNION ALL
SELECT 'piazza' AS domain_part, 'Piazza' AS tool_name, TRUE AS is_lti_tool, FALSE AS is_redirect_tool UNION ALL
SELECT 'redirect' AS domain_part, 'Redirect Tool' AS tool_name, FALSE AS is_lti_tool, TRUE AS is_redirect_tool UNION ALL
SELECT 'tophat' AS domain_part, 'Top Hat' AS tool_name, TRUE AS is_lti_tool, FALSE AS is_redirect_tool UNION ALL
SELECT 'turnitin' AS domain_part, 'Turnitin' AS tool_name, TRUE AS is_lti_tool, FALSE AS is_redirect_tool UNION ALL
SELECT 'vitalsource' AS domain_part, 'VitalSource Bookshelf' AS tool_name, TRUE AS is_lti_tool, FALSE AS is_redirect_tool UNION ALL
SELECT 'zoom' AS domain_part, 'Zoom' AS tool_name, TRUE AS is_lti_tool, FALSE AS is_redirect_tool
