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
