-- What people may ask, continued: functions with their odd arguments, joins, subqueries, groups.

SELECT array_agg(target ORDER BY target) FILTER (WHERE status = 'paused') AS a FROM sys_invocation

SELECT string_agg(DISTINCT status, ',' ORDER BY status) AS a FROM sys_invocation

SELECT string_agg(DISTINCT target_service_name, ',') AS a FROM sys_invocation WHERE target_service_name = 'Deal'

SELECT target_service_name, array_agg(DISTINCT status ORDER BY status) AS a FROM sys_invocation GROUP BY 1 ORDER BY 1

SELECT status, count(*) AS n FROM sys_invocation GROUP BY status HAVING count(*) > 2 ORDER BY n DESC, status

SELECT count(*) FILTER (WHERE status = 'completed') * 100 / count(*) AS pct FROM sys_invocation

SELECT max(completed_at - created_at) > interval '0 seconds' AS a FROM sys_invocation

SELECT date_trunc('day', created_at) = date_trunc('day', now()) AS a FROM sys_invocation LIMIT 1

SELECT i.target, count(j.index) AS n FROM sys_invocation i LEFT JOIN sys_journal j ON j.id = i.id AND j.entry_type
LIKE 'Command: %' GROUP BY i.target ORDER BY i.target

SELECT target FROM sys_invocation WHERE id IN (SELECT id FROM sys_journal WHERE entry_type = 'Command: Call') ORDER BY
target

SELECT target FROM sys_invocation i WHERE EXISTS (SELECT 1 FROM sys_journal j WHERE j.id = i.id AND j.entry_type =
'Command: Sleep') ORDER BY target

SELECT target FROM sys_invocation i WHERE NOT EXISTS (SELECT 1 FROM sys_inbox b WHERE b.id = i.id) AND status =
'pending'

WITH a AS (SELECT status, count(*) AS n FROM sys_invocation GROUP BY status), b AS (SELECT max(n) AS m FROM a) SELECT
a.status, a.n = b.m AS most FROM a CROSS JOIN b ORDER BY 1

SELECT target, CASE WHEN retry_count > 0 THEN 'retrying' WHEN status IN ('paused') THEN 'stopped' ELSE NULL END AS x
FROM sys_invocation ORDER BY target, x

SELECT coalesce(target_service_key, '-') AS k, count(*) AS n FROM sys_invocation GROUP BY coalesce(target_service_key,
'-') ORDER BY k

SELECT target_service_key IS NULL AS x, count(*) AS n FROM sys_invocation GROUP BY x ORDER BY x

SELECT s.name, d.endpoint IS NOT NULL AS e FROM sys_service s INNER JOIN sys_deployment d ON s.deployment_id = d.id
ORDER BY s.name

SELECT s.name FROM sys_service s, sys_deployment d WHERE s.deployment_id = d.id ORDER BY s.name DESC NULLS LAST

SELECT name FROM sys_service ORDER BY length(name), name

SELECT name, length(name) AS l FROM sys_service ORDER BY 2 DESC, 1 LIMIT 2 OFFSET 1

SELECT upper(name) AS u FROM sys_service WHERE name LIKE 'T%' OR name LIKE '%y' ORDER BY u

SELECT name FROM sys_service WHERE name NOT LIKE 'T%' ORDER BY name

SELECT name FROM sys_service WHERE name NOT IN ('Till', 'Deal') ORDER BY name

SELECT name FROM sys_service WHERE name BETWEEN 'D' AND 'T' ORDER BY name

SELECT name FROM sys_service WHERE NOT (public AND name = 'Till') ORDER BY name

SELECT name || '/' || ty AS x FROM sys_service ORDER BY x

SELECT concat(name, '/', revision) AS x FROM sys_service ORDER BY x

SELECT sum(CASE WHEN status = 'completed' THEN 1 ELSE 0 END) AS a, avg(CASE WHEN status = 'completed' THEN 1.0 ELSE
0.0 END) > 0.1 AS b FROM sys_invocation

SELECT min(target) AS a, max(target) AS b, min(journal_size) AS c, max(created_at) > min(created_at) AS d FROM
sys_invocation

SELECT a.n FROM (SELECT count(*) AS n FROM state) a, (SELECT 1 AS one) b WHERE b.one = 1

SELECT key, value_utf8 FROM state WHERE service_name = 'Till' AND service_key = 'a' ORDER BY key

SELECT value_utf8::int + 1 AS n FROM state WHERE service_name = 'Till' AND key = 'total' AND service_key = 'a'

SELECT json_get_str(entry_json, 'Command', 'SetState', 'key') AS k FROM sys_journal WHERE entry_type = 'Command:
SetState' ORDER BY k

SELECT entry_lite_json ->> 'Command' IS NOT NULL AS c, count(*) AS n FROM sys_journal GROUP BY 1 ORDER BY 1

SELECT (entry_lite_json -> 'Command' -> 'Call' ->> 'result_completion_id') AS k FROM sys_journal WHERE entry_type =
'Command: Call'

SELECT split_part(target, '/', 1) AS s, count(*) AS n FROM sys_invocation GROUP BY split_part(target, '/', 1) ORDER BY
s

SELECT count(DISTINCT target_service_name || target_handler_name) AS n FROM sys_invocation

SELECT target, row_number() OVER (ORDER BY target, id) <= 3 AS top FROM sys_invocation ORDER BY target, top

SELECT target_service_name, ntile(2) OVER (ORDER BY target_service_name) AS n FROM sys_invocation ORDER BY 1, 2

SELECT percent_rank() OVER (ORDER BY name) AS p, name FROM sys_service ORDER BY name

SELECT first_value(name) OVER (ORDER BY name) AS f, last_value(name) OVER (ORDER BY name ROWS BETWEEN UNBOUNDED
PRECEDING AND UNBOUNDED FOLLOWING) AS l FROM sys_service LIMIT 1

SELECT 5 & 3 AS a, 5 | 3 AS b, 5 << 1 AS c, 5 >> 1 AS d

SELECT 10 / 4 AS a, 10 / 4.0 AS b, 10 % 4 AS c, -10 / 4 AS d, -10 % 4 AS e, 2 * 3.5 AS f

SELECT 1 = 1 AND NULL IS NULL AS a, NULL = 1 AS b, coalesce(NULL, NULL) AS c, 1 IN (1, NULL) AS d, NOT NULL AS e

SELECT 'abc' < 'abd' AS a, 'Abc' < 'abc' AS b, 'ä' > 'z' AS c, '10' < '9' AS d

SELECT trim(BOTH 'x' FROM 'xax') AS a, trim(LEADING 'x' FROM 'xax') AS b, ltrim('  a') AS c, rtrim('a  ') AS d

SELECT substr('hello', 0) AS a, substr('hello', -2) AS b, substr('hello', 2) AS c, substr('hello', 9) AS d,
substr('hello', -1, 3) AS e

SELECT left('hello', -2) AS a, right('hello', -2) AS b, lpad('hello', 3) AS c, rpad('x', 4, 'ab') AS d, repeat('a', 0)
AS e

SELECT split_part('a,b,c', ',', -1) AS a, split_part('abc', ',', 1) AS b, split_part('abc', ',', 2) AS c

SELECT replace('aaa', 'a', 'b') AS a, replace('abc', '', 'x') AS b, reverse('äb') AS c, initcap('hi THERE x-y') AS d

SELECT regexp_like('abc', 'B', 'i') AS a, regexp_replace('foobar', 'o+', '0') AS b, regexp_count('banana', 'an') AS c,
regexp_match('foo42', '([a-z]+)([0-9]+)') AS d

SELECT to_hex(255) AS a, chr(8364) AS b, ascii('€') AS c, bit_length('abc') AS d, octet_length('€') AS e,
translate('hello', 'el', 'ip') AS f

SELECT round(2.5) AS a, round(-2.5) AS b, round(1234.567, -2) AS c, trunc(1.78, 1) AS d, ceil(-1.5) AS e, floor(-1.5)
AS f, abs(-1.5) AS g, signum(-3) AS h

SELECT log(2, 8) AS a, log2(8) AS b, exp(1) > 2.7 AS c, pi() > 3.14 AS d, gcd(12, 18) AS e, lcm(4, 6) AS f, cbrt(27)
AS g

SELECT 1.0 AS a, 1e10 AS b, 0.1 + 0.2 AS c, 1.5::int AS d, 1::double AS e, 2.7::bigint AS f, '7'::bigint AS g,
true::int AS h, 0::boolean AS i

SELECT array_has([1,2,3], 2) AS a, array_length([1,2,3]) AS b, [1,2,3][2] AS c, ['a','b'][-1] AS d,
array_to_string(['a','b'], '-') AS e, string_to_array('a,b', ',') AS f

SELECT greatest('a', 'c', 'b') AS a, least(3, 1, 2) AS b, nullif('a', 'b') AS c, nvl(NULL, 5) AS d, ifnull(NULL, 'x')
AS e

SELECT date_part('year', '2024-02-29T12:34:56'::timestamp) AS a, date_part('month', '2024-02-29T12:34:56'::timestamp)
AS b, date_part('dow', '2024-02-29T12:34:56'::timestamp) AS c, date_part('doy', '2024-02-29T12:34:56'::timestamp) AS
d, date_part('week', '2024-02-29T12:34:56'::timestamp) AS e, date_part('quarter', '2024-02-29T12:34:56'::timestamp) AS
f, date_part('epoch', '2024-02-29T12:34:56'::timestamp) AS g, date_part('minute', '2024-02-29T12:34:56'::timestamp) AS
h, date_part('second', '2024-02-29T12:34:56'::timestamp) AS i

SELECT date_trunc('month', '2024-02-29T12:34:56'::timestamp) AS a, date_trunc('week',
'2024-02-29T12:34:56'::timestamp) AS b, date_trunc('quarter', '2024-05-29T12:34:56'::timestamp) AS c,
date_trunc('minute', '2024-02-29T12:34:56'::timestamp) AS d, date_trunc('second',
'2024-02-29T12:34:56.789'::timestamp) AS e

SELECT '2024-01-31T00:00:00'::timestamp + interval '1 month' AS a, '2024-03-31T00:00:00'::timestamp - interval '1
month' AS b, '2024-01-01T00:00:00'::timestamp + interval '1 day 2 hours' AS c, '2024-01-01T00:00:00'::timestamp -
'2023-12-31T00:00:00'::timestamp AS d

SELECT to_timestamp_seconds(5) AS a, to_timestamp_micros(5000001) AS b, to_timestamp_nanos(5) AS c, to_timestamp(1.5)
AS d, to_unixtime('2024-01-01T00:00:00Z') AS e

SELECT '2024-01-01'::date AS a, cast('2024-01-01T05:00:00Z' AS date) AS b, now()::date = current_date AS c

SELECT created_at::date = current_date AS a FROM sys_invocation LIMIT 1

SELECT created_at > '2020-01-01T00:00:00+02:00' AS a, created_at = created_at::text AS b, '2020-01-01T00:00:00Z' <
created_at AS c FROM sys_invocation LIMIT 1

SELECT target FROM sys_invocation WHERE completed_at IS NULL AND created_at < now() + interval '1 minute' ORDER BY
target

SELECT journal_size > 1 AND journal_size <= 10 AS a, count(*) AS n FROM sys_invocation GROUP BY a ORDER BY a

SELECT retry_count + 1 AS a, -1 * retry_count AS b, retry_count / 2 AS c FROM sys_invocation WHERE retry_count IS NOT
NULL

SELECT * FROM sys_service WHERE name = 'Till'

SELECT count(*) FROM (SELECT DISTINCT status FROM sys_invocation)

SELECT x.y FROM (SELECT 1 AS y UNION ALL SELECT 2) x ORDER BY y DESC

(SELECT 1 AS a) UNION ALL (SELECT 2) ORDER BY a

SELECT a FROM (VALUES (1), (2), (3)) t(a) WHERE a > (SELECT avg(a) FROM (VALUES (1), (2), (3)) u(a))

SELECT name FROM sys_service s WHERE 3 <= (SELECT count(*) FROM sys_invocation i WHERE i.target_service_name = s.name)
ORDER BY name

SELECT i.target FROM sys_invocation i JOIN (SELECT id, max(index) AS m FROM sys_journal GROUP BY id) j ON i.id = j.id
WHERE j.m > 5 ORDER BY 1

SELECT l.name, r.name FROM sys_service l FULL OUTER JOIN sys_service r ON l.name < r.name AND r.name = 'Till' ORDER BY
l.name NULLS LAST, r.name NULLS LAST

SELECT count(*) FROM sys_invocation, sys_service WHERE target_service_name = name

SELECT DISTINCT target_service_ty, invoked_by FROM sys_invocation ORDER BY 1, 2

SELECT "target_service_name" AS "Service Name", count(*) AS "n°" FROM sys_invocation GROUP BY "target_service_name"
ORDER BY "n°", "Service Name"

SELECT count(*) n, status s FROM sys_invocation WHERE status <> 'completed' GROUP BY s

SELECT target FROM sys_invocation FETCH FIRST 0 ROWS ONLY

SELECT sys_invocation.target FROM sys_invocation WHERE sys_invocation.status = 'paused'

SELECT public.sys_invocation.target FROM sys_invocation WHERE status = 'paused'

SELECT current_timestamp() IS NOT NULL AS a, now() <= now() AS b

SELECT count(*) FROM sys_invocation WHERE status = 'completed' AND true

SELECT count(*) FROM sys_invocation WHERE 1

SELECT count(*) FROM sys_invocation WHERE NULL

SELECT nth_value(name, 2) OVER (ORDER BY name) AS n FROM sys_service ORDER BY n NULLS FIRST

SELECT stddev(journal_size) > 0 AS a, var_pop(journal_size) > 0 AS b, median(journal_size) AS c FROM sys_invocation

SELECT target ILIKE '%DEAL%' AS a, target NOT ILIKE 'x%' AS b FROM sys_invocation WHERE target = 'Deal/w/run'

SELECT 'x' ~ 'X' AS a, 'x' ~* 'X' AS b, 'x' !~ 'y' AS c, 'x' !~* 'X' AS d

SELECT encode(value, 'hex') AS a, decode('6869', 'hex') AS b, sha256('a') AS c FROM state WHERE service_key = 'v'

SELECT uuid() <> uuid() AS a, random() <> random() AS b

(SELECT 1 AS a)

((SELECT 1 AS a))

(SELECT 2 AS a) UNION ALL (SELECT 1) ORDER BY a LIMIT 1

(SELECT name FROM sys_service ORDER BY name LIMIT 1) UNION ALL (SELECT name FROM sys_service ORDER BY name DESC LIMIT
1)

SELECT * FROM ((SELECT 1 AS a) UNION (SELECT 2)) x ORDER BY a

(SELECT 1 AS a UNION SELECT 2) EXCEPT SELECT 2

WITH x AS (SELECT 1 AS a) (SELECT a FROM x)

SELECT status FROM sys_invocation WHERE target NOT LIKE 'T%' AND target NOT ILIKE 'd%' ORDER BY status

SELECT count(*) FROM sys_invocation WHERE target NOT BETWEEN 'A' AND 'S'

SELECT count(*) FROM sys_invocation WHERE NOT target ILIKE 'till%'

SELECT count(*) FROM sys_invocation WHERE retry_count IS NOT NULL AND NOT (retry_count IS NULL)

SELECT 'a_b' LIKE 'a\_b' AS a, 'axb' LIKE 'a\_b' AS b, 'axb' NOT LIKE 'a\_b' AS c, 'a_b' ILIKE 'A\_b' AS d

SELECT date '2024-02-29' + interval '1 day' AS a, '2024-01-31'::date - interval '1 month' AS b

SELECT 1.5 % 2 AS a, -7.5 % 2 AS b, 7 % 2.5 AS c, -7 % 3 AS d, 9007199254740993 % -2 AS e

SELECT floor(7) AS a, cast(round(7) AS text) AS b, arrow_typeof(ceil(7)) AS c, trunc(-7) AS d

SELECT initcap('one_two three4five') AS a
