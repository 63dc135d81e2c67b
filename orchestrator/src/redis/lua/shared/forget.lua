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
