#!lua flags=allow-oom
-- Removes a dead letter for good, with the record that refers to it.
--
-- KEYS: dead letters, record
-- ARGV: dead letter id, expiry of a record that stays in s
-- Reply: 1, or 0 if there is no such letter
-- True if the stream has the entry, or cannot be read.
local function has(stream, entry)
  local found = redis.pcall('XRANGE', stream, entry, entry)
  return found.err ~= nil or #found > 0
end

-- Removes the record of a discarded letter. While an entry of its task is in the stream, because its acknowledgement was
-- denied, the record stays without the letter: the next delivery would otherwise run the task again.
local function forget(key, letter, ttl)
  local record = redis.pcall('GET', key)
  if type(record) == 'table' and not string.find(record.err, 'WRONGTYPE', 1, true) then error(record, 0) end
  if type(record) ~= 'string' then return end
  local from, to = string.find(record, '"deadLetterId":"' .. letter .. '"', 1, true)
  if not from then return end
  local origin, entry, stream = string.match(record, '^%a (%S+) (%S+) (%S+) ')
  if stream and (has(stream, entry) or has(stream, origin)) then
    local rest = string.gsub(string.sub(record, to + 1), '^,', '')
    redis.call('SET', key, string.sub(record, 1, from - 1) .. rest, 'EX', ttl)
  else
    redis.call('DEL', key)
  end
end

forget(KEYS[2], ARGV[1], ARGV[2])
return redis.call('XDEL', KEYS[1], ARGV[1])
