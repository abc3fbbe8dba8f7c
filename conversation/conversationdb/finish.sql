-- A turn's outcome with everything that follows from it, stored only where the
-- bot still owns the conversation at the epoch the turn read, under its lease.
WITH c AS (
	UPDATE conversations c SET
		seq = c.seq + @n,
		answered_seq = @answered,
		owner = @owner,
		epoch = c.epoch + CASE WHEN @owner = 'bot' THEN 0 ELSE 1 END,
		waiting_since = CASE WHEN @owner = 'bot' THEN NULL ELSE coalesce(c.waiting_since, now()) END,
		status = CASE WHEN @owner = 'bot' AND @n > 0 AND c.status <> 'snoozed' THEN 'waiting' ELSE c.status END,
		misses = @misses,
		turn_due_at = NULL, burst_at = NULL, turn_attempts = 0,
		lease_token = NULL, lease_until = NULL,
		updated_at = now()
	WHERE c.id = @id AND c.owner = 'bot' AND c.epoch = @epoch AND c.lease_token = @turn
	RETURNING c.*
), message AS (
	INSERT INTO messages (conversation_id, seq, author, name, body, sources, trace, turn, episode, options)
	SELECT c.id, c.seq - @n + r.ord, r.author, coalesce(r.name, ''), r.body, r.sources, r.trace, @turn, c.episode, r.options
	FROM c, jsonb_to_recordset(@messages) AS r(ord int, author text, name text, body text, sources jsonb, trace jsonb, options jsonb)
	RETURNING conversation_id, seq
), delivery AS (
	INSERT INTO deliveries (conversation_id, seq, channel, account)
	SELECT message.conversation_id, message.seq, c.channel, c.account
	FROM message, c WHERE c.channel <> @widget
), event AS (
	-- The time of the messages that come with it: by it the two are known to belong together.
	INSERT INTO ownership_events (conversation_id, from_owner, to_owner, reason, actor, epoch, created_at)
	SELECT c.id, 'bot', c.owner, @reason, 'bot', c.epoch, now() FROM c WHERE c.owner <> 'bot'
), call AS (
	INSERT INTO model_calls (conversation_id, turn, purpose, model, outcome,
		input_tokens, cached_tokens, output_tokens, cost_micros, estimated, duration_ms, hold, unpriced, key)
	SELECT c.id, @turn, r.purpose, r.model, r.outcome,
		r.input_tokens, r.cached_tokens, r.output_tokens, r.cost_micros, r.estimated, r.duration_ms, r.hold, r.unpriced, r.key
	FROM c, jsonb_to_recordset(@calls) AS r(purpose text, model text, outcome text,
		input_tokens int, cached_tokens int, output_tokens int, cost_micros bigint, estimated boolean, duration_ms int, hold uuid, unpriced boolean, key uuid)
	ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING
)
SELECT c.id, c.channel, c.owner, c.status, coalesce(c.staff_id::text, ''), c.staff_name,
	c.epoch, c.episode, c.seq, c.locale, c.waiting_since, c.updated_at
FROM c
