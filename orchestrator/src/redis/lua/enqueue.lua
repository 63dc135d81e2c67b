#!lua
-- Accepts a batch of tasks: all or none.
--
-- KEYS: controls, rate limit bucket, dead letters; then for N types: 2N streams (express, regular), 2N delayed sets,
--       N ledgers; acceptances of this replica
-- ARGV: record key prefix, depth limit, configured rate (0: no limit), timestamp, receipt of the request in ms by the clock
--       of Redis or '', N, N type names,
--       I = number of immediate tasks, then for each: queue number, priority, task id and digest ('id digest', or ''),
--       payload; then for each delayed task: the same and the delay in ms
-- Reply: {'ok', bypass, now, for each task: stream id | 'D' for a delayed task | state and lane letter of a duplicate}
--        or {'overload', stream} or {'rate_limit', ms to wait or -1}
--        or {'conflict', number of the task, differing properties, ...}
local prefix, max_depth, default_rate, timestamp = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local received, types = tonumber(ARGV[5]), tonumber(ARGV[6])
local immediate = tonumber(ARGV[6 + types + 1])
local base = 6 + types + 1
local delayed_base = base + immediate * 4
local delayed = (#ARGV - delayed_base) / 5

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local controls = redis.call('HMGET', KEYS[1], 'express-bypass', 'rate-limit', 'rate')
local bypass = controls[1] == '1'

local function queue_of(number)
  -- Odd numbers are express lanes; the regular lane of the same type follows.
  if bypass and number % 2 == 1 then return number + 1 end
  return number
end

local waited = received and math.max(0, now - received) or 0
-- Last fields of each entry. A task that did not wait has fewer: every field costs memory and time for each task.
local tail = { 'timestamp', timestamp }
if waited > 0 then tail = { 'timestamp', timestamp, 'waited', string.format('%.0f', waited) } end

-- include waits
-- include has

-- State letter, stream and digest of the task with this id. nil if there is none, or if its record refers to a deleted
-- entry, delayed task or dead letter: then the id is free again, unless the failed entry is still to be acknowledged.
local seen = {}
local function known(id)
  if seen[id] then return STATE.queued, seen[id].stream, seen[id].digest end
  local record = redis.call('GET', prefix .. id)
  if not record then return nil end
  local state, origin, entry, stream = string.match(record, '^(%a) (%S+) (%S+) (%S+) ')
  local digest = string.match(record, '^%a %S+ %S+ %S+ {"digest":"([%w_-]+)"')
  if state == STATE.queued then
    local found = redis.call('XRANGE', stream, entry, entry)[1]
    if not found then return nil end
    for f = 1, #found[2], 2 do
      if found[2][f] == 'digest' then digest = found[2][f + 1] end
    end
  elseif state == STATE.delayed or state == STATE.retrying then
    local due = tonumber(string.match(record, '"dueAtMs":(%d+)'))
    for number = 1, due and 2 * types or 0 do
      if KEYS[3 + number] == stream and not waits(KEYS[3 + 2 * types + number], id, due) then return nil end
    end
  elseif state == STATE.failed then
    local letter = string.match(record, '"deadLetterId":"(%d+%-%d+)"')
    local found = letter and #redis.call('XRANGE', KEYS[3], letter, letter) > 0
    if not found and not has(stream, entry) and not has(stream, origin) then return nil end
  end
  return state or STATE.queued, stream, digest
end

-- Compares a task with the existing task of the same id. The first letter of a digest is the requested lane, the rest is
-- the hash of the payload. Without a digest only the type can be compared.
local function differences(number, digest, stream, other)
  local express = KEYS[3 + number - (1 - number % 2)]
  local regular = KEYS[3 + number + number % 2]
  local found = {}
  if stream and stream ~= express and stream ~= regular then found[#found + 1] = 'type' end
  if other then
    if string.sub(other, 1, 1) ~= string.sub(digest, 1, 1) then found[#found + 1] = 'priority' end
    if string.sub(other, 2) ~= string.sub(digest, 2) then found[#found + 1] = 'payload' end
  end
  return table.concat(found, ' '), stream == express and 'e' or 'r'
end

-- Reads everything first, so that nothing is written unless the whole batch is accepted.
local reply = { 'ok', bypass and 1 or 0, string.format('%.0f', now) }
local duplicate, fresh, wanted, ids, conflicts = {}, 0, {}, {}, { 'conflict' }
for i = 1, immediate + delayed do
  local at = i <= immediate and base + (i - 1) * 4 or delayed_base + (i - immediate - 1) * 5
  local id, digest = string.match(ARGV[at + 3], '^(%S+) (%S+)$')
  ids[i] = id or ARGV[at + 3]
  local asked = tonumber(ARGV[at + 1])
  local letter, stream, other
  if id then letter, stream, other = known(id) end
  if letter then
    local what, lane = differences(asked, digest, stream, other)
    if what ~= '' then
      conflicts[#conflicts + 1] = i
      conflicts[#conflicts + 1] = what
    end
    duplicate[i] = letter .. lane
  else
    local number = queue_of(asked)
    if id then seen[id] = { stream = KEYS[3 + number], digest = digest } end
    fresh = fresh + 1
    wanted[number] = (wanted[number] or 0) + 1
  end
end
if #conflicts > 1 then return conflicts end

local streams = {}
for number, count in pairs(wanted) do
  local key = KEYS[3 + number]
  local info = redis.pcall('XINFO', 'STREAM', key)
  local length, ms, seq = 0, 0, 0
  if info.err then
    if not string.find(info.err, 'no such key', 1, true) then return redis.error_reply(info.err) end
  else
    for f = 1, #info, 2 do
      if info[f] == 'length' then
        length = info[f + 1]
      elseif info[f] == 'last-generated-id' then
        local m, s = string.match(info[f + 1], '^(%d+)-(%d+)$')
        ms, seq = tonumber(m), tonumber(s)
      end
    end
  end
  local later = redis.call('ZCARD', KEYS[3 + 2 * types + number])
  if length + later + count > max_depth then return { 'overload', key } end
  -- A Lua number is exact up to 2^53. No clock produces larger ids.
  if ms > 9007199254740000 then return redis.error_reply('ERR last id of ' .. key .. ' is out of range') end
  if now > ms then
    ms, seq = now, -1
  elseif seq > 9007199254740000 then
    ms, seq = ms + 1, -1
  end
  local number_of_type = math.floor((number + 1) / 2)
  streams[number] = {
    key = key,
    ms = string.format('%.0f-', ms),
    seq = seq,
    type = ARGV[6 + number_of_type],
    id_prefix = ARGV[6 + number_of_type] .. (number % 2 == 1 and '.express.' or '.regular.'),
  }
end

if fresh > 0 and (controls[2] == '1' or (not controls[2] and default_rate > 0)) then
  local rate = tonumber(controls[3] or default_rate) or 0
  if rate <= 0 then return { 'rate_limit', -1 } end
  local bucket = redis.call('HMGET', KEYS[2], 'tokens', 'at')
  local capacity = math.max(rate, 1)
  local tokens = tonumber(bucket[1] or capacity) or capacity
  local at = tonumber(bucket[2] or now) or now
  tokens = math.min(capacity, tokens + math.max(0, now - at) / 1000 * rate)
  -- A batch larger than the bucket passes if the bucket is full. It leaves a debt.
  local needed = math.min(fresh, capacity)
  if tokens < needed then
    -- The clock of Redis was set back: without this the bucket stays empty until the old time is reached.
    if at > now then redis.call('HSET', KEYS[2], 'at', string.format('%.0f', now)) end
    return { 'rate_limit', math.ceil((needed - tokens) / rate * 1000) }
  end
  redis.call('HSET', KEYS[2], 'tokens', string.format('%.6f', tokens - fresh), 'at', string.format('%.0f', now))
end

local function digest_of(at)
  return string.match(ARGV[at + 3], ' ([%w_-]+)$')
end

for i = 1, immediate do
  if duplicate[i] then
    reply[3 + i] = duplicate[i]
  else
    local at = base + (i - 1) * 4
    local stream = streams[queue_of(tonumber(ARGV[at + 1]))]
    local seq = stream.seq + 1
    stream.seq = seq
    local entry = stream.ms .. string.format('%.0f', seq)
    local id = ids[i]
    if id == '' then
      redis.call('XADD', stream.key, entry, 'task_id', stream.id_prefix .. entry, 'payload', ARGV[at + 4], 'priority',
        ARGV[at + 2], 'type', stream.type, unpack(tail))
    else
      redis.call('XADD', stream.key, entry, 'task_id', id, 'payload', ARGV[at + 4], 'priority', ARGV[at + 2], 'type',
        stream.type, 'digest', digest_of(at), unpack(tail))
      redis.call('SET', prefix .. id, STATE.queued .. ' ' .. entry .. ' ' .. entry .. ' ' .. stream.key .. ' {"attempts":0}')
    end
    reply[3 + i] = entry
  end
end

for i = immediate + 1, immediate + delayed do
  if duplicate[i] then
    reply[3 + i] = duplicate[i]
  else
    local at = delayed_base + (i - immediate - 1) * 5
    local number = queue_of(tonumber(ARGV[at + 1]))
    local id, digest = ids[i], digest_of(at)
    local due = string.format('%.0f', now + tonumber(ARGV[at + 5]))
    redis.call('ZADD', KEYS[3 + 2 * types + number], due, cjson.encode({ 'task_id', id, 'payload', ARGV[at + 4],
      'priority', ARGV[at + 2], 'type', streams[number].type, 'digest', digest, unpack(tail) }))
    redis.call('SET', prefix .. id, STATE.delayed .. ' - - ' .. streams[number].key .. ' {"digest":"' .. digest
      .. '","attempts":0,"dueAtMs":' .. due
      .. ',"acceptedAtMs":' .. string.format('%.0f', now) .. '}')
    redis.call('HINCRBY', KEYS[3 + 4 * types + math.floor((number + 1) / 2)],
      (number % 2 == 1 and 'express' or 'regular') .. ':delayed', 1)
    reply[3 + i] = 'D'
  end
end
for number, count in pairs(wanted) do redis.call('HINCRBY', KEYS[#KEYS], KEYS[3 + number], count) end
return reply
