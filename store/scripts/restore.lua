-- What the ledger knows of an account; no total becomes smaller by it.
-- KEYS: the account (see tell.lua). ARGV: when it ends (milliseconds, 0 for never), then owner and total in turns, at last
-- the server's mark: what was restored before the server forgot something has to be restored again.
local account = KEYS[1]

local function greater(a, b)
  if #a ~= #b then return #a > #b end
  return a > b
end

redis.call('HINCRBY', account, 's', '0')
redis.call('HINCRBY', account, 'l', '0')
redis.call('HSET', account, 'r', ARGV[#ARGV])
for i = 2, #ARGV - 1, 2 do
  local owner, total = 'o:' .. ARGV[i], ARGV[i + 1]
  local packed = redis.call('HGET', account, owner) or '-1 -1 0 0 0'
  local life, number, spent, rest = string.match(packed, '^(%S+) (%S+) (%d+) (.+)$')
  if greater(total, spent) then
    if spent ~= '0' then redis.call('HINCRBY', account, 's', '-' .. spent) end
    redis.call('HINCRBY', account, 's', total)
    redis.call('HSET', account, owner, life .. ' ' .. number .. ' ' .. total .. ' ' .. rest)
  end
end
if ARGV[1] ~= '0' then redis.call('PEXPIREAT', account, ARGV[1]) end
return 1
