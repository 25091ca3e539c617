-- Whether there are vector sets, and we may use them: then each of these complains of nothing but what it lacks.
-- KEYS: any.
for _, name in ipairs({'VADD', 'VSIM', 'VEMB', 'VREM'}) do
  local said = redis.pcall(name, KEYS[1]).err or ''
  if string.find(said, 'nknown', 1, true) or string.find(said, 'permission', 1, true) then return 0 end
end
return 1
