-- One customer message, in one statement after the one that locks (lockToReceive): drop a
-- repeat, append, raise the epoch, make the turn due. What constraints compare comes from
-- the locked row alone: Postgres checks them on the row as first read, before it notices a
-- concurrent update. A resolved conversation comes back as a new episode, of the bot or of
-- who had it. What a blocked contact writes is stored, and that is all.
WITH dup AS (
	SELECT m.seq, m.created_at, m.body FROM messages m
	WHERE m.external_id = @external_id
	AND m.conversation_id = coalesce(@id::uuid, (
		SELECT id FROM conversations WHERE channel = @channel AND account = @account AND thread = @thread))
), old AS (
	SELECT id, owner, staff_id, staff_name, status, blocked, episode FROM conversations
	WHERE id = coalesce(@id::uuid, (
		SELECT id FROM conversations WHERE channel = @channel AND account = @account AND thread = @thread))
	FOR UPDATE -- once more: it may have been made since
), now AS (
	SELECT old.*, old.status = 'resolved' AND NOT old.blocked AS reopened,
		CASE WHEN old.status = 'resolved' AND NOT old.blocked AND NOT (old.owner = 'staff' AND EXISTS (
			SELECT FROM episodes e WHERE e.conversation_id = old.id AND e.episode = old.episode
			AND e.resolved_at > now() - make_interval(secs => @sticky)) AND staff_is_here(old.staff_id)
		) THEN 'bot' ELSE old.owner END AS next_owner -- the same person, when it was lately and they are there
	FROM old WHERE NOT EXISTS (SELECT 1 FROM dup)
), c AS (
	UPDATE conversations c SET
		seq = c.seq + 1,
		epoch = c.epoch + 1,
		episode = c.episode + CASE WHEN now.reopened THEN 1 ELSE 0 END,
		context_seq = CASE WHEN now.reopened THEN c.seq ELSE c.context_seq END,
		owner = now.next_owner,
		staff_id = CASE WHEN now.next_owner = 'staff' THEN now.staff_id END,
		staff_name = CASE WHEN now.next_owner = 'staff' THEN now.staff_name ELSE '' END,
		status = CASE WHEN now.blocked THEN c.status ELSE 'open' END,
		misses = CASE WHEN now.reopened THEN 0 ELSE c.misses END,
		locale = CASE WHEN @locale = '' THEN c.locale ELSE @locale END,
		waiting_since = CASE WHEN now.next_owner = 'bot' OR now.blocked THEN NULL ELSE coalesce(c.waiting_since, now()) END,
		customer_at = now(),
		updated_at = now(),
		burst_at = CASE WHEN now.next_owner = 'bot' AND NOT now.blocked THEN coalesce(c.burst_at, now()) END,
		turn_due_at = CASE
			WHEN now.next_owner <> 'bot' OR now.blocked THEN NULL
			WHEN c.turn_due_at IS NULL THEN now()
			ELSE least(now() + make_interval(secs => @quiet), c.burst_at + make_interval(secs => @most))
		END
	FROM now WHERE c.id = now.id
	RETURNING c.*, now.owner AS old_owner, now.reopened, now.status = 'snoozed' AND NOT now.blocked AS woken
), message AS (
	INSERT INTO messages (conversation_id, seq, external_id, author, name, body, episode)
	SELECT c.id, c.seq, @external_id, 'customer', @name, @body, c.episode FROM c
), event AS (
	-- The time of the messages that come with it: by it the two are known to belong together.
	INSERT INTO ownership_events (conversation_id, from_owner, to_owner, reason, actor, epoch, created_at)
	SELECT c.id, c.old_owner, c.owner, 'reopened', 'customer', c.epoch, now() FROM c WHERE c.reopened
)
SELECT c.id, c.channel, c.owner, c.status, coalesce(c.staff_id::text, ''), c.staff_name,
	c.epoch, c.episode, c.seq, c.locale, c.waiting_since,
	false AS repeat, c.reopened, c.woken, c.seq, c.updated_at, '' AS body,
	extract(epoch FROM c.turn_due_at - now())::float8 AS due
FROM c
UNION ALL
SELECT c.id, c.channel, c.owner, c.status, coalesce(c.staff_id::text, ''), c.staff_name,
	c.epoch, c.episode, c.seq, c.locale, c.waiting_since,
	true, false, false, dup.seq, dup.created_at, dup.body, NULL
FROM dup JOIN conversations c ON c.id = (SELECT id FROM old)
