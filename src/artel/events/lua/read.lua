-- What a user's log holds after an id.
--
-- KEYS  the stream, the head
-- ARGV  seconds a head lives; the id, or "" for the position alone
-- Answers {last id, unbroken (1 or 0), {line, ...}}.
local stream, head, after = KEYS[1], KEYS[2], ARGV[2]
local last = position(head, ARGV[1])

if after == '' or after == last then
  return {last, 1, {}}
end
local first = redis.call('XRANGE', stream, '(' .. after .. '-0', '+', 'COUNT', 1)[1]
if not first or string.match(first[2][2], '^%d+ (%d+) ') ~= after then
  return {last, 0, {}}
end
local lines = {}
for i, entry in ipairs(redis.call('XRANGE', stream, '(' .. after .. '-0', '+')) do
  lines[i] = entry[2][2]
end
return {last, 1, lines}
