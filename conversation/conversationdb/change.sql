-- One compare-and-set of who speaks, with the messages that tell of it. The
-- verdict is changed, same (it was already so), refused (someone else is) or unseen (the
-- customer has written since). What it
-- decides by is locked by a statement before it in its transaction, lockToChange.
WITH who AS (
	SELECT disabled_at IS NOT NULL OR role = 'viewer' AS gone FROM staff_accounts WHERE id = @staff::uuid
), old AS (
	SELECT * FROM conversations WHERE id = @id
), plan AS (
	SELECT old.id, old.owner,
		CASE WHEN @to = '' THEN old.owner ELSE @to END AS next_owner,
		CASE WHEN @to = '' THEN old.staff_id ELSE @staff::uuid END AS next_staff,
		CASE WHEN @status = '' THEN old.status ELSE @status END AS next_status,
		(old.owner = ANY (@from::text[]) OR (old.owner = 'staff' AND old.staff_id = @staff::uuid))
			AND (@was = '' OR old.status = @was) AND (@holder = '' OR old.staff_id::text = @holder)
			AND NOT EXISTS (SELECT FROM who WHERE gone) AS allowed
	FROM old
), verdict AS (
	SELECT plan.*,
		(plan.owner = next_owner AND old.staff_id IS NOT DISTINCT FROM next_staff AND old.status = next_status) AS same,
		@at_epoch::bigint IS NULL OR old.epoch = @at_epoch AS current,
		@seen::bigint > 0 AND EXISTS (SELECT FROM messages m WHERE m.conversation_id = old.id AND m.seq > @seen AND m.author = 'customer') AS unseen
	FROM plan JOIN old USING (id)
), c AS (
	UPDATE conversations c SET
		owner = v.next_owner,
		staff_id = v.next_staff,
		staff_name = CASE WHEN v.next_owner <> 'staff' THEN '' WHEN @to = '' THEN c.staff_name ELSE @staff_name END,
		status = v.next_status,
		epoch = c.epoch + 1,
		seq = c.seq + @n,
		context_seq = CASE WHEN @clean THEN c.seq + @n ELSE c.context_seq END,
		misses = CASE WHEN v.owner <> v.next_owner THEN 0 ELSE c.misses END,
		answered_seq = CASE WHEN v.next_owner = 'staff' OR @clean OR @answers THEN c.seq + @n ELSE c.answered_seq END,
		waiting_since = CASE
			WHEN v.next_status = 'resolved' OR v.next_owner = 'bot' THEN NULL
			WHEN v.next_owner = 'queue' THEN coalesce(c.waiting_since, now())
			WHEN @replied THEN NULL -- taken over without a word the customer waits on, from when the bot owed an answer
			ELSE coalesce(c.waiting_since, CASE WHEN c.turn_due_at IS NOT NULL THEN c.burst_at END) END,
		turn_due_at = CASE WHEN v.next_owner = 'bot' AND @answer_now AND EXISTS (
				SELECT 1 FROM messages m WHERE m.conversation_id = c.id AND m.seq > c.answered_seq AND m.author = 'customer')
			THEN now() END,
		burst_at = NULL, turn_attempts = 0,
		assignee_id = CASE WHEN v.next_owner = 'bot' OR v.next_status = 'resolved' THEN NULL
			WHEN v.next_owner = 'staff' THEN v.next_staff ELSE c.assignee_id END, -- back in the queue it is still theirs
		team_id = CASE WHEN v.next_owner <> 'bot' AND v.next_status <> 'resolved' THEN c.team_id END,
		updated_at = now()
	FROM verdict v WHERE c.id = v.id AND v.allowed AND (@always OR NOT v.same) AND v.current AND NOT v.unseen
	RETURNING c.*, v.owner AS old_owner
), message AS (
	INSERT INTO messages (conversation_id, seq, author, staff_id, name, body, note, external_id, episode, sources, trace, options)
	SELECT c.id, c.seq - @n + r.ord, r.author, r.staff_id, coalesce(r.name, ''), r.body, coalesce(r.note, false), r.external_id, c.episode, r.sources, r.trace, r.options
	FROM c, jsonb_to_recordset(@messages)
		AS r(ord int, author text, staff_id uuid, name text, body text, note boolean, external_id text, sources jsonb, trace jsonb, options jsonb)
	RETURNING conversation_id, seq, note
), delivery AS (
	INSERT INTO deliveries (conversation_id, seq, channel, account)
	SELECT message.conversation_id, message.seq, c.channel, c.account
	FROM message, c WHERE c.channel <> @widget AND NOT message.note
), event AS (
	-- The time of the messages that come with it: by it the two are known to belong together.
	INSERT INTO ownership_events (conversation_id, from_owner, to_owner, reason, actor, epoch, detail, created_at)
	SELECT c.id, c.old_owner, c.owner, @reason, @actor, c.epoch, @detail, now() FROM c
	WHERE c.old_owner <> c.owner OR @reason = ANY ('{resolved,reopened,assigned,customer_silent}')
)
SELECT c.id, c.channel, c.owner, c.status, coalesce(c.staff_id::text, ''), c.staff_name,
	c.epoch, c.episode, c.seq, c.locale, c.waiting_since, 'changed'
FROM c
UNION ALL
SELECT o.id, o.channel, o.owner, o.status, coalesce(o.staff_id::text, ''), o.staff_name,
	o.epoch, o.episode, o.seq, o.locale, o.waiting_since,
	CASE WHEN v.unseen AND v.allowed AND v.current AND NOT v.same THEN 'unseen' WHEN v.allowed OR NOT v.current THEN 'same' ELSE 'refused' END
FROM old o JOIN verdict v USING (id) WHERE NOT EXISTS (SELECT 1 FROM c)
