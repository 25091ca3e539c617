-- An answer that is fresh enough; else whose turn it is to ask for one.
-- KEYS: answers (mark -> "worth made ttl bytes"), ranks, state, claim ("who number", or "-" where each asks by itself),
-- presence (who -> milliseconds until which it is there).
-- ARGV: mark, unix time, seconds that an answer may be old, who looks, number of its claim (empty: it takes none),
-- milliseconds that the claim lives, milliseconds that who takes it is there, 1 where an old answer is wanted, too.
-- Answers the bytes, how often something was forgotten so far, and 0 where it is nobody's turn, 1 for who looks,
-- 2 for another one, 3 for each.
local answers, ranks, state, claim, presence = unpack(KEYS)
local mark, now, most, who, number, lives, there, any = unpack(ARGV)
local had = redis.call('HGET', answers, mark)
local forgotten = redis.call('HGET', state, 'forgotten') or '0'
local value = ''
if had then
  local worth, made, ttl, at = string.match(had, '^(%S+) (%d%S*) (%d%S*) ()')
  local fresh = worth and tonumber(now) < tonumber(made) + math.min(tonumber(ttl), tonumber(most))
  if fresh or (worth and any == '1') then
    wanted(state, ranks, mark, worth)
    value = string.sub(had, at)
  end
  if fresh then return {value, forgotten, 0} end
end

local held = redis.call('GET', claim)
if held == '-' then return {value, forgotten, 3} end
local time = redis.call('TIME')
local clock = time[1] * 1000 + math.floor(time[2] / 1000)
if held then
  local last = redis.call('HGET', presence, string.match(held, '^%S+'))
  if last and tonumber(last) > clock then return {value, forgotten, 2} end
end
if number == '' then return {value, forgotten, 0} end
redis.call('SET', claim, who .. ' ' .. number, 'PX', lives)
redis.call('HSET', presence, who, string.format('%.0f', clock + tonumber(there)))
redis.call('PEXPIRE', presence, 60000)
return {value, forgotten, 1}
