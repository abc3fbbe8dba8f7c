-- How the database is, as one JSON object with the members of conversation.Vitals. No
-- count goes over more than a partial index, and none beyond 10,000 rows; sizes of tables
-- are the planner's estimates.
WITH queues AS (
	SELECT 'turns' AS name, count(*) AS waiting, min(at) AS oldest, 1 AS ord
	FROM (SELECT turn_due_at AS at FROM conversations WHERE turn_due_at <= now() ORDER BY turn_due_at LIMIT 10000) q
	UNION ALL
	SELECT 'deliveries', count(*), min(at), 2
	FROM (SELECT due_at AS at FROM deliveries WHERE state = 'pending' AND due_at <= now() ORDER BY due_at LIMIT 10000) q
	UNION ALL
	SELECT 'webhooks', count(*), min(at), 3 FROM (
		SELECT d.at FROM webhooks w CROSS JOIN LATERAL (
			SELECT due_at AS at FROM webhook_deliveries d
			WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.due_at <= now() ORDER BY d.due_at LIMIT 10000) d
		WHERE w.active LIMIT 10000) q
	UNION ALL
	SELECT 'jobs: ' || q.queue, count(*), min(q.at), 4
	FROM (SELECT queue, scheduled_at AS at FROM river_job WHERE state = 'available' AND scheduled_at <= now() LIMIT 10000) q GROUP BY q.queue
), stuck AS (
	SELECT id, turn_due_at, turn_attempts FROM conversations
	WHERE turn_due_at < now() - make_interval(secs => @stuck) ORDER BY turn_due_at LIMIT 50
), failed AS (
	SELECT d.conversation_id, d.seq, d.channel, d.error, d.due_at FROM deliveries d WHERE d.state = 'failed' ORDER BY d.due_at DESC LIMIT 100
), jobs AS (
	SELECT j.id, j.kind, j.state, j.attempt, left(coalesce(j.errors[array_upper(j.errors, 1)] ->> 'error', ''), 300) AS error,
		coalesce(j.finalized_at, j.attempted_at, j.created_at) AS at
	FROM river_job j WHERE j.state IN ('retryable', 'discarded', 'cancelled') ORDER BY j.id DESC LIMIT 100
), sizes AS (
	SELECT c.relname AS name, pg_total_relation_size(c.oid) AS bytes, greatest(c.reltuples, 0)::bigint AS n
	FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
	ORDER BY 2 DESC LIMIT 15
), unwell AS (
	SELECT id, url, coalesce(off_at, failing_since) AS since, off_for FROM webhooks
	WHERE off_at IS NOT NULL OR active AND failing_since < now() - interval '1 hour' ORDER BY since
)
SELECT jsonb_build_object(
	'queues', (SELECT jsonb_agg(jsonb_build_object('name', name, 'waiting', waiting,
		'oldest_s', coalesce(round(extract(epoch FROM now() - oldest), 1), 0)) ORDER BY ord, name) FROM queues),
	'stuck_turns', coalesce((SELECT jsonb_agg(jsonb_build_object('conversation', id, 'due_at', turn_due_at, 'attempts', turn_attempts) ORDER BY turn_due_at) FROM stuck), '[]'),
	'failed_deliveries', coalesce((SELECT jsonb_agg(jsonb_build_object('conversation', conversation_id, 'seq', seq, 'channel', channel, 'error', error, 'at', due_at)
		ORDER BY due_at DESC) FROM failed), '[]'),
	'jobs', coalesce((SELECT jsonb_agg(jsonb_build_object('id', id::text, 'kind', kind, 'state', state, 'attempt', attempt, 'error', error, 'at', at) ORDER BY id DESC) FROM jobs), '[]'),
	'postgres', current_setting('server_version'),
	'pgvector', coalesce((SELECT extversion FROM pg_extension WHERE extname = 'vector'), ''),
	'database_bytes', pg_database_size(current_database()),
	'tables', (SELECT jsonb_agg(jsonb_build_object('name', name, 'bytes', bytes, 'rows', n) ORDER BY bytes DESC) FROM sizes),
	'replicas', (SELECT count(*) FROM (
		SELECT @self::bigint UNION -- who asks is there, even before its sign of life is
		SELECT l.objid::bigint FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
			AND l.classid::bigint = @presence AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) r),
	'backup', jsonb_build_object(
		'hint', CASE WHEN current_setting('archive_mode') = 'off' THEN 'The database archives no log: between two backups, what is written is in one place only. OPERATIONS.md says how to back up.'
			ELSE 'The database archives its log; see that base backups are made too, and try one out.' END,
		'last_wal', (SELECT last_archived_time FROM pg_stat_archiver)),
	'failing_webhooks', coalesce((SELECT jsonb_agg(jsonb_build_object('id', id, 'host', url, 'since', since, 'off', off_for) ORDER BY since) FROM unwell), '[]')
)
