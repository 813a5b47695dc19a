-- Appends a batch of events of several users to their logs and publishes it, once per batch.
--
-- KEYS[1]    the sender's mark: the number of its last batch, so that a batch sent again after a lost answer is known
-- KEYS[2..]  three keys a user: the stream, the head {last, total, floor}, the open answers {message_id -> attempt}
-- ARGV       batch number, max entries, max bytes, seconds an idle stream lives, seconds a head and a mark live,
--            then for each user: user id, number of events, and for each event: session, op, json
--            and for an op other than "" also: message id, attempt, text
-- op         "" plain, "s" an answer starts, "d" more text of it, "e" it is over, "t" its text was torn (no event)
--
-- The text of open answers is kept beside the stream, so that it survives the trimming of its deltas.
local mark, batch = KEYS[1], tonumber(ARGV[1])
local max_count, max_bytes, idle, keep = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]

if tonumber(redis.call('GET', mark) or '0') >= batch then
  return 0
end
redis.call('SET', mark, ARGV[1], 'EX', keep)

local now = now_micros()

-- Answers whether the event goes into the log.
local function keep_text(stream, open, op, message, attempt, text)
  local key = stream .. ':' .. message
  if op == 'd' then
    if redis.call('HGET', open, message) ~= attempt then
      return false
    end
    redis.call('APPEND', key, text)
    redis.call('EXPIRE', key, idle)
    return true
  end
  local known = tonumber(redis.call('HGET', open, message) or '0')
  if known > tonumber(attempt) then
    return op == 'e'
  end
  if op == 's' then
    redis.call('HSET', open, message, attempt)
    redis.call('SET', key, '', 'EX', idle)
  else
    redis.call('HDEL', open, message)
    redis.call('DEL', key)
  end
  return op ~= 't'
end

-- Cuts the oldest entries until an eighth of the room is free; answers the offset of the first byte that is left.
local function trim(stream, total)
  local wanted = total - max_bytes * 7 / 8
  local from = '-'
  while true do
    local page = redis.call('XRANGE', stream, from, '+', 'COUNT', 64)
    for i, entry in ipairs(page) do
      local offset = tonumber(entry[2][4])
      if offset >= wanted or #page == 1 then
        redis.call('XTRIM', stream, 'MINID', entry[1])
        return offset
      end
      from = entry[1]
    end
    if #page == 0 then
      return total
    end
  end
end

local arg, appended = 6, 0
for key = 2, #KEYS, 3 do
  local stream, head, open = KEYS[key], KEYS[key + 1], KEYS[key + 2]
  local user, count = ARGV[arg], tonumber(ARGV[arg + 1])
  arg = arg + 2

  local last = tonumber(position(head, keep))
  local bytes = redis.call('HMGET', head, 'total', 'floor')
  local total, floor = tonumber(bytes[1]), tonumber(bytes[2])
  local lines = {}

  for _ = 1, count do
    local session, op, json = ARGV[arg], ARGV[arg + 1], ARGV[arg + 2]
    arg = arg + 3
    local wanted = true
    if op ~= '' then
      wanted = keep_text(stream, open, op, ARGV[arg], ARGV[arg + 1], ARGV[arg + 2])
      arg = arg + 3
    end
    if wanted then
      local id = math.max(last + 1, now)
      local line = table.concat({user, digits(last), digits(id), session, json}, ' ')
      redis.call('XADD', stream, 'MAXLEN', '~', max_count, digits(id) .. '-0', 'e', line, 'o', digits(total))
      lines[#lines + 1] = line
      total = total + #line
      last = id
    end
  end

  if #lines > 0 then
    if total - floor > max_bytes then
      floor = trim(stream, total)
    end
    redis.call('EXPIRE', stream, idle)
    redis.call('PUBLISH', stream, table.concat(lines, '\n'))
    appended = appended + #lines
  end
  redis.call('HSET', head, 'last', digits(last), 'total', digits(total), 'floor', digits(floor))
  redis.call('EXPIRE', open, idle)
end
return appended
