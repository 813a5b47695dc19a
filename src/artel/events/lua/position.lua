-- Shared by the scripts of this directory: it is put before each of them.

local function digits(number)
  return string.format('%.0f', number)
end

local function now_micros()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

-- The id of the last event of a log. A log that does not exist begins here and now, so that every position that was
-- ever given out belongs to one log: after a wipe the old ids are recognised as foreign.
local function position(head, keep)
  local last = redis.call('HGET', head, 'last')
  if not last then
    last = digits(now_micros() - 1)
    redis.call('HSET', head, 'last', last, 'total', '0', 'floor', '0')
  end
  redis.call('EXPIRE', head, keep)
  return last
end
