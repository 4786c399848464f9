export function checkSubset(_code: string): string[] {
  return [];
}
