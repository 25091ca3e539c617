-- Whether names (key, route, model, tag; empty for any) fit an answer's label.
local function fits(one, label)
  if one.key ~= '' and one.key ~= label.key then return false end
  if one.route ~= '' and one.route ~= label.route then return false end
  if one.model ~= '' and one.model ~= label.model and one.model ~= label.target then return false end
  if one.tag == '' then return true end
  for _, tag in ipairs(label.tags) do if tag == one.tag then return true end end
  return false
end

