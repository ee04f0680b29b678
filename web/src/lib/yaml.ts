// A detector's definition as text. Pure.

/** The definition as a person would write it; enough of YAML for what a detector file holds. */
export function asYaml(value: unknown, indent = ''): string {
  if (typeof value === 'string') return /^([A-Za-z_][\w./@ -]*|\d+(ms|[smhdw]))$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value) ? value : JSON.stringify(value);
  if (value === null || typeof value !== 'object') return String(value);
  const items = Array.isArray(value) ? value.map((item) => ['- ', item] as const) : Object.entries(value).map(([key, item]) => [`${key}:`, item] as const);
  if (items.length === 0) return Array.isArray(value) ? '[]' : '{}';
  return items
    .map(([head, item]) => {
      const nested = item !== null && typeof item === 'object' && Object.keys(item as object).length > 0;
      if (!nested) return `${indent}${head}${head === '- ' ? '' : ' '}${asYaml(item)}`;
      if (head === '- ') return `${indent}- ${asYaml(item, `${indent}  `).slice(indent.length + 2)}`;
      return `${indent}${head}\n${asYaml(item, `${indent}  `)}`;
    })
    .join('\n');
}
