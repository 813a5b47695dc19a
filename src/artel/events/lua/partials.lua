-- The text so far of a user's open answers, and the position it stands at, in one look.
--
-- KEYS  the stream, the head, the open answers
-- ARGV  seconds a head lives; message ids, none means all
-- Answers {last id, message id, attempt, text, message id, ...}
local stream, head, open = KEYS[1], KEYS[2], KEYS[3]
local found = {position(head, ARGV[1])}

local function add(message, attempt)
  local text = redis.call('GET', stream .. ':' .. message)
  if attempt and text then
    found[#found + 1] = message
    found[#found + 1] = attempt
    found[#found + 1] = text
  end
end

if #ARGV == 1 then
  local all = redis.call('HGETALL', open)
  for i = 1, #all, 2 do
    add(all[i], all[i + 1])
  end
else
  for i = 2, #ARGV do
    add(ARGV[i], redis.call('HGET', open, ARGV[i]))
  end
end
return found
