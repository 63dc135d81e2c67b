#!lua flags=no-writes
-- Checks whether a delayed task or a retry still waits.
--
-- KEYS: record, delayed set
-- ARGV: record as the caller read it, task id, due time in ms
-- Reply: 1; 0 if the task is gone; -1 if the record has changed
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- False if the delayed set no longer has the member of this task, because it was deleted by hand. Looks at the due time in
-- the record, then at the first members, because a due time may have been changed by hand. In a longer set, a task that
-- should have been moved a minute ago is gone.
local function waits(key, id, due)
  local wanted, size = '"task_id",' .. cjson.encode(id), 0
  for _, range in ipairs({ { due, due }, { '-inf', '+inf' } }) do
    for from = 0, 990, 10 do
      local page = redis.pcall('ZRANGEBYSCORE', key, range[1], range[2], 'LIMIT', from, 10)
      if page.err then return true end
      for i = 1, #page do
        if string.find(page[i], wanted, 1, true) then return true end
        size = size + #page[i]
      end
      if #page < 10 then break end
      if from == 990 or size > 4194304 then return range[1] == due or now < due + 60000 end
    end
  end
  return false
end

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
return waits(KEYS[2], ARGV[2], tonumber(ARGV[3])) and 1 or 0
