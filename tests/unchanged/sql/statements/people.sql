-- What people may ask: the dialect, construct by construct.

SELECT 1, 'x', 1.5, true, NULL, 1 + 1, 7 / 2, 7 / 2.0, 7 % 3, -1

SELECT count(*), count(1), count(DISTINCT status), min(retry_count), sum(journal_size) FROM sys_invocation

SELECT 'x' || 1 AS a, 2 > 1 AS b, 1 = 1 OR false AS c, NOT true AS d, 1 IS DISTINCT FROM 2 AS e, '1' = 1 AS f

SELECT now() - interval '1' hour < now() AS a, interval '1 hour' AS b, interval '1 day 2 hours' AS c,
    interval '90' minute AS d, interval '1 month' AS e, interval '1 hour' + interval '5 minutes' AS f

SELECT created_at + interval '1 hour' > created_at AS a, created_at - created_at AS b,
    now() - created_at > interval '0 seconds' AS c, created_at > '2020-01-01' AS d, created_at < '2020-01-01T00:00:00Z' AS e
FROM sys_invocation

SELECT target FROM sys_invocation WHERE created_at > now() - interval '1 hour' AND created_at <= now()

SELECT target FROM sys_invocation WHERE created_at BETWEEN now() - interval '1 day' AND now()

SELECT target FROM sys_invocation WHERE completion_retention > interval '1 hour'

SELECT to_timestamp(0) AS a, to_timestamp_millis(5) AS b, to_timestamp('2020-01-01T00:00:00Z') AS c,
    '2026-01-01T00:00:00Z'::timestamp AS d, date_trunc('year', '2026-05-06T07:08:09'::timestamp) AS e,
    date_part('hour', '2026-05-06T07:08:09'::timestamp) AS f,
    date_bin(interval '15 minutes', '2026-05-06T07:08:09'::timestamp) AS g

SELECT count(*) AS n FROM sys_invocation GROUP BY date_trunc('year', created_at)

SELECT arrow_typeof(created_at) AS a, arrow_typeof(completion_retention) AS b, arrow_typeof(journal_size) AS c,
    arrow_typeof(id) AS d, arrow_typeof(suspended_waiting_for_signals) AS e, arrow_typeof(now()) AS f,
    arrow_typeof(now() - created_at) AS g, arrow_typeof(1) AS h, arrow_typeof(1.5) AS i
FROM sys_invocation LIMIT 1

SELECT completion_retention::text AS a, cast(completion_retention AS bigint) AS b, cast(pinned_service_protocol_version AS varchar) AS c,
    '5'::int AS d, '1.5'::double AS e, true::text AS f, 'true'::boolean AS g, try_cast('x' AS int) AS h
FROM sys_invocation WHERE target = 'Deal/w/run'

SELECT target ILIKE 'TILL%' AS a, target LIKE 'TILL%' AS b, target ~ '^Till' AS c, target !~ 'x' AS d,
    target ~* 'TILL' AS e, target SIMILAR TO 'T%' AS f, starts_with(target, 'T') AS g
FROM sys_invocation

SELECT length('añb') AS a, substr('abcdef', 2, 3) AS b, substring('abcdef' from 2 for 3) AS c,
    split_part('a/b/c', '/', 2) AS d, concat('a', 1, NULL, 'b') AS e, regexp_replace('aBc', '(b|B)', 'x\1', 'g') AS f,
    upper('x') AS g, lpad('5', 3, '0') AS h, trim(' x ') AS i, replace('abc', 'b', 'x') AS j,
    position('b' in 'abc') AS k, strpos('abc', 'c') AS l, left('abc', 2) AS m, right('abc', 2) AS n,
    reverse('abc') AS o, concat_ws('-', 'a', 'b') AS p, initcap('hello world') AS q, octet_length('añ') AS r,
    repeat('ab', 2) AS s, ascii('a') AS t, chr(65) AS u, md5('a') AS v, encode('abc', 'hex') AS w, btrim('xax', 'x') AS x

SELECT coalesce(NULL, 1) AS a, nullif(1, 1) AS b, greatest(1, 2, 3) AS c, least(1, 2) AS d,
    CASE WHEN true THEN 'x' ELSE 'y' END AS e, CASE 1 WHEN 1 THEN 2 END AS f, abs(-1) AS g, round(1.567, 2) AS h,
    floor(1.5) AS i, ceil(1.5) AS j, power(2, 3) AS k, sqrt(4) AS l, ln(1) AS m, log10(100) AS n

SELECT array_agg(status ORDER BY status, id) AS a, string_agg(target, ',' ORDER BY target) AS b,
    count(*) FILTER (WHERE status = 'completed') AS c, bool_and(true) AS d
FROM sys_invocation WHERE target_service_name = 'Deal'

SELECT first_value(target ORDER BY target DESC) AS a, last_value(target ORDER BY target DESC) AS b,
    count(DISTINCT status) AS c, approx_distinct(status) AS d, median(completion_retention::bigint) AS e
FROM sys_invocation

SELECT array_has(suspended_waiting_for_signals, 17) AS a, array_length(suspended_waiting_for_signals) AS b,
    cardinality(suspended_waiting_for_signals) AS c
FROM sys_invocation WHERE target = 'Till/b/hold'

SELECT [1, 2] AS a, make_array('a', 'b')[1] AS b, array_to_string([1, 2], ',') AS c

SELECT json_get_str('{"a": {"b": "c"}}', 'a', 'b') AS a, '{"a": {"b": "c"}}' -> 'a' ->> 'b' AS b,
    json_length('[1, 2]') AS c, json_as_text('{"a": 5}', 'a') AS d, json_get_int('{"a": 5}', 'a') AS e,
    json_contains('{"a": 5}', 'b') AS f, '{"a": 5}' ? 'a' AS g, '{"a": 5}' ->> 'b' AS h

SELECT e.event_json ->> 'ty' AS ty FROM sys_journal_events e
LEFT JOIN sys_invocation inv ON inv.id = e.id
WHERE e.event_type = 'Paused' AND e.appended_at > now() - INTERVAL '1 hour'

SELECT * FROM information_schema.tables WHERE table_schema = 'public'

DESCRIBE sys_inbox

SHOW COLUMNS FROM sys_promise

SELECT table_name, column_name, ordinal_position, is_nullable, data_type, character_octet_length, numeric_precision
FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position

SELECT * FROM information_schema.schemata

SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1 LIMIT 3

SELECT target AS "Xx", target AS Yy FROM SYS_INVOCATION WHERE TARGET = 'Deal/w/run'

SELECT i.target FROM public.sys_invocation i JOIN restate.public.sys_deployment d ON d.id = i.pinned_deployment_id

SELECT a.target, b.status FROM sys_invocation a JOIN sys_invocation b USING (id) ORDER BY 1, 2

SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS t(a, b)

VALUES (1, 2)

SELECT status, count(*) FROM sys_invocation GROUP BY status ORDER BY count(*) DESC, status LIMIT 2 OFFSET 1

SELECT count(*) c, target_service_name svc FROM sys_invocation GROUP BY svc HAVING c > 1 ORDER BY svc

SELECT DISTINCT ON (status) status FROM sys_invocation ORDER BY status

SELECT status FROM sys_invocation INTERSECT SELECT 'completed'

SELECT status FROM sys_invocation EXCEPT SELECT 'completed'

SELECT 1 AS a UNION SELECT 'x'

SELECT target, row_number() OVER (PARTITION BY target_service_name ORDER BY target, id) AS n,
    rank() OVER (ORDER BY target_service_name) AS r, count(*) OVER () AS c,
    lag(target) OVER (ORDER BY target) AS l
FROM sys_invocation WHERE target_service_name = 'Deal' ORDER BY n

SELECT target FROM (SELECT target, row_number() OVER (PARTITION BY target_service_name ORDER BY target, id) AS n FROM sys_invocation)
WHERE n = 1

SELECT last_failure_error_code AS c FROM sys_invocation ORDER BY c LIMIT 2

SELECT (SELECT count(*) FROM sys_inbox) AS n

SELECT target FROM sys_invocation WHERE target_service_name = ANY(ARRAY['Deal', 'Shaky'])

SELECT service_name, public, public = true AS a, NOT public AS b, public IS TRUE AS c
FROM (SELECT name AS service_name, public FROM sys_service)

SELECT value, value_utf8, encode(value, 'base64') AS a, value = '"sea"' AS b FROM state WHERE service_name = 'Deal'

SELECT partition_key > 5 AS a, partition_key = 5 AS b, partition_key % 1 AS c FROM state

SELECT 9223372036854775808 AS a, 18446744073709551615 AS b, 1e3 AS c

SELECT 'it''s' AS a, E'a\nb' AS b, $$x$$ AS c, "x" FROM (SELECT 1 AS "x")

SELECT id FROM sys_invocation LIMIT 0

SELECT sum(journal_size) AS a, max(target) AS b, count(*) AS c FROM sys_invocation WHERE false

SELECT 1;

-- What is refused.

SELECT "ID" FROM sys_invocation

SELECT missing FROM sys_invocation

SELECT x.id FROM sys_invocation

SELECT * FROM missing

SELECT missing_fn(1)

SELEC 1

SELECT * FROM

SELECT 'open

SELECT 1 FROM

SELECT * FROM state WHERE

SELECT 1; SELECT 2

DELETE FROM state

UPDATE state SET key = 'x'

CREATE TABLE t (a int)

DROP TABLE state

BEGIN

SELECT id FROM sys_journal WHERE id = 'x'

SELECT id FROM sys_invocation WHERE id IN ('x')

SELECT 1 / 0

SELECT id, id FROM sys_invocation

SELECT created_at LIKE '20%' FROM sys_invocation

SELECT count(*) FROM sys_invocation WHERE created_at > 5

SELECT count(*) FROM sys_invocation WHERE created_at > 'nonsense'

SELECT count(*) FROM sys_invocation WHERE journal_size > 'x'

SELECT count(*) FROM sys_invocation WHERE status

SELECT target, count(*) FROM sys_invocation

SELECT id FROM sys_invocation GROUP BY status

SELECT target FROM sys_invocation WHERE count(*) > 1

SELECT upper(1)

SELECT cast('x' AS int)

SELECT 'x' + 1

SELECT id FROM sys_inbox a, sys_inbox b

SELECT b.id FROM sys_inbox a

SELECT 1 UNION SELECT 1, 2

SELECT id FROM sys_invocation ORDER BY 99

SET x = 1

SELECT count(1), count(1) FROM state

SELECT 1 AS a ORDER BY b
