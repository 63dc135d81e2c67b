#!lua
-- Finishes a batch of entries of one consumer. Order: record, dead letter or retry; then XACK and XDEL (or XACKDEL); then
-- task accounting.
-- Finishes only entries that the consumer still owns. XACK and XDEL do not check this, so a late finish would acknowledge
-- an entry that another consumer runs.
-- Redis rejects this script over maxmemory. The caller then sends the batch again without results, with the flag
-- allow-oom: finishing tasks frees memory, storing results fills it.
--
-- Results of first attempts go into hashes, many results per command, because a key and an expiry for each would be too
-- expensive. Tasks that have a record anyway (retried, delayed, or with an id of the caller) keep it.
--
-- KEYS: stream, dead letters, delayed set, ledger
-- ARGV: group, consumer, lane, record key prefix, result TTL in s (0: keep none), limit of entries the consumer can own,
--       first and last entry id of the batch,
--       B = number of result hashes, then for each: key, N, then N pairs of entry id and packed result;
--       D = number of completed tasks with a record, then for each: entry id, task id, record ('-': remove it);
--       then six for each other outcome: kind (f, r, s), entry id, task id and
--         f (dead letter): reason, record body without its opening brace, error
--         r (retry):       delay in ms (bounded to 0 to 30 days), record body without its opening brace, attempts
--         s (settled by an earlier delivery): three unused
-- Reply: {now in ms, error or '', {entry id, 'gone' | 'other', ...} for entries not owned,
--         {entry id, state letter and reason of a failure, ...} for other outcomes}
local stream, dead_letters, delayed_set, ledger = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local group, consumer, lane, prefix, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

-- In s. renewDeadLetterRecords.lua renews it while the dead letter exists.
local DEAD_LETTER_RECORD_TTL = 604800

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))

local pending = redis.pcall('XPENDING', stream, group, ARGV[7], ARGV[8], ARGV[6], consumer)
if pending.err then return redis.error_reply(pending.err) end
local owned = {}
for i = 1, #pending do owned[pending[i][1]] = true end

-- True once per entry that this consumer owns, so that no entry is finished twice.
local missed = {}
local function owns(id)
  if owned[id] == false then return false end
  local mine, row = owned[id], nil
  if not mine then
    row = redis.call('XPENDING', stream, group, id, id, 1)[1]
    mine = row and row[2] == consumer
  end
  if mine then
    owned[id] = false
    return true
  end
  missed[#missed + 1] = id
  missed[#missed + 1] = row and row[2] ~= consumer and 'other' or 'gone'
  return false
end

-- Finished entries. For those without a stored result, also where to leave a trace of their completion.
local finished, traces, completed = {}, {}, 0
local at = 10
for _ = 1, tonumber(ARGV[9]) do
  local key, last = ARGV[at], at + 1 + ARGV[at + 1] * 2
  local all, before = true, completed
  for i = at + 2, last, 2 do
    local id = ARGV[i]
    if owns(id) then
      completed = completed + 1
      finished[completed] = id
    else
      all = false
    end
  end
  if completed > before then
    if ttl == '0' then
      traces[#traces + 1] = { key, before + 1, completed }
    else
      if all then
        redis.call('HSET', key, unpack(ARGV, at + 2, last))
      else
        local mine = {}
        for i = before + 1, completed do mine[finished[i]] = true end
        for i = at + 2, last, 2 do
          if mine[ARGV[i]] then redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
        end
      end
      redis.call('EXPIRE', key, ttl)
    end
  end
  at = last + 1
end
local others_at = at + ARGV[at] * 3
for i = at + 1, others_at, 3 do
  local id, key, record = ARGV[i], prefix .. ARGV[i + 1], ARGV[i + 2]
  if owns(id) then
    completed = completed + 1
    finished[completed] = id
    if record == '-' then
      redis.call('DEL', key)
      traces[#traces + 1] = { key, completed }
    else
      redis.call('SET', key, record, 'EX', ttl)
    end
  end
end

local function fields_of(id)
  local entry = redis.call('XRANGE', stream, id, id)[1]
  local map = {}
  if entry then
    for f = 1, #entry[2], 2 do map[entry[2][f]] = entry[2][f + 1] end
  end
  return entry and entry[2], map
end

-- State letter of the record, if the record belongs to this entry or to its task.
local function state_of(task_id, id, origin)
  local record = redis.pcall('GET', prefix .. task_id)
  if type(record) == 'table' then
    -- A key with another type of value counts as no record. Any other error fails the batch.
    if not string.find(record.err, 'WRONGTYPE', 1, true) then error(record, 0) end
    return nil
  end
  if not record then return nil end
  local state, record_origin, record_entry = string.match(record, '^(%a) (%S+) (%S+) ')
  if state == STATE.queued and record_entry == id then return nil end
  if record_entry == id or record_origin == origin then
    return state, string.match(record, '"reason":"(%a+)"')
  end
  return nil
end

-- The record keeps the digest of an idempotent submission.
local function digest_of(fields)
  local digest = string.match(fields.digest or '', '^[%w_-]+$')
  return digest and '"digest":"' .. digest .. '",' or ''
end

-- A score that is not a number would fail the script in the middle of a batch. An infinite one would never be due.
local longest_delay = 30 * 24 * 3600 * 1000
local function delay_of(text)
  local delay = tonumber(text) or 0
  if delay ~= delay or delay < 0 then return 0 end
  return math.min(delay, longest_delay)
end

local counts = { completed = completed, dead = 0, moved = 0 }
local settled, deferred = {}, 0
for i = others_at + 1, #ARGV, 6 do
  local kind, id, task_id = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if owns(id) then
    local raw, fields = fields_of(id)
    local origin = fields.origin or id
    local state, reason = state_of(task_id, id, origin)
    if state == STATE.completed or (kind == 's' and not state) then
      counts.completed = counts.completed + 1
    elseif state == STATE.failed then
      counts.dead = counts.dead + 1
    elseif state then
      counts.moved = counts.moved + 1
    elseif kind == 'f' then
      local letter = redis.call('XADD', dead_letters, '*', 'task_id', task_id, 'payload', fields.payload or '',
        'priority', fields.priority or '', 'type', fields.type or '', 'timestamp', fields.timestamp or '',
        'lane', lane, 'reason', ARGV[i + 3], 'error', ARGV[i + 5], 'attempts', string.match(ARGV[i + 4], '"attempts":(%d+)') or '0',
        'stream', stream, 'entry_id', id, 'failed_at', now, 'history', fields.history or '[]',
        -- A malformed entry is kept unchanged.
        'entry', (raw and not (fields.task_id and fields.payload)) and cjson.encode(raw) or '')
      redis.call('SET', prefix .. task_id, STATE.failed .. ' ' .. origin .. ' ' .. id .. ' ' .. stream .. ' {' .. digest_of(fields) .. '"deadLetterId":"' .. letter
        .. '","finishedAtMs":' .. now .. ',' .. ARGV[i + 4], 'EX', DEAD_LETTER_RECORD_TTL)
      counts.dead = counts.dead + 1
    elseif kind == 'r' and raw then
      local due = string.format('%.0f', now + delay_of(ARGV[i + 3]))
      local copy = {}
      for f = 1, #raw, 2 do
        if raw[f] ~= 'attempt' and raw[f] ~= 'origin' then
          copy[#copy + 1] = raw[f]
          copy[#copy + 1] = raw[f + 1]
        end
      end
      copy[#copy + 1] = 'attempt'
      copy[#copy + 1] = ARGV[i + 5]
      copy[#copy + 1] = 'origin'
      copy[#copy + 1] = origin
      if not fields.task_id then
        copy[#copy + 1] = 'task_id'
        copy[#copy + 1] = task_id
      end
      redis.call('ZADD', delayed_set, due, cjson.encode(copy))
      redis.call('SET', prefix .. task_id, STATE.retrying .. ' ' .. origin .. ' - ' .. stream .. ' {' .. digest_of(fields) .. '"dueAtMs":' .. due .. ',' .. ARGV[i + 4])
      deferred = deferred + 1
    end
    finished[#finished + 1] = id
    settled[#settled + 1] = id
    settled[#settled + 1] = state == STATE.failed and state .. ' ' .. (reason or 'internal') or state or ''
  end
end

-- Uses one command if the server has it, without the overflow of its first releases (CVE-2025-62507), and the user may
-- run it; otherwise two.
local function acknowledge(ids)
  if redis.REDIS_VERSION_NUM >= 0x080203 then
    local known, allowed = pcall(redis.acl_check_cmd, 'XACKDEL', stream, group, 'IDS', 1, ids[1])
    if known and allowed then return redis.pcall('XACKDEL', stream, group, 'IDS', #ids, unpack(ids)) end
  end
  local acknowledged = redis.pcall('XACK', stream, group, unpack(ids))
  if type(acknowledged) == 'table' then return acknowledged end
  return redis.pcall('XDEL', stream, unpack(ids))
end

local failure = ''
if #finished > 0 then
  local reply = acknowledge(finished)
  failure = type(reply) == 'table' and reply.err or ''
  if failure ~= '' then
    -- The entries stay in the stream. A retry now exists twice; its entry will be settled as moved. If results are not
    -- kept, a trace of the completion is, so that a redelivery does not run the task again.
    if deferred > 0 then redis.call('HINCRBY', ledger, lane .. ':moved', -deferred) end
    for _, trace in ipairs(traces) do
      if trace[3] then
        for i = trace[2], trace[3] do redis.call('HSET', trace[1], finished[i], '') end
      else
        redis.call('SET', trace[1], STATE.completed .. ' - ' .. finished[trace[2]] .. ' ' .. stream .. ' {"attempts":1}')
      end
      redis.call('EXPIRE', trace[1], 3600)
    end
    return { now, failure, missed, settled }
  end
  for name, count in pairs(counts) do
    if count > 0 then redis.call('HINCRBY', ledger, lane .. ':' .. name, count) end
  end
end
return { now, failure, missed, settled }
