export interface TestResult {
  readonly layer: string;
  readonly name: string;
  readonly state: string;
}
export interface Summary {
  readonly failed: number;
  readonly lines: readonly string[];
  readonly last: string;
}
export function summarise(layers: readonly string[], results: readonly TestResult[], brokenModules: number): Summary;
