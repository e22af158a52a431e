/**
 * A vitest reporter for CI: counts tests by layer into the file named by STINT_CI_SUMMARY. A layer of the configuration
 * that ran nothing is a failure, so that a missing tool can never look like a pass.
 */
import { appendFileSync, writeFileSync } from 'node:fs';

/** Sums up a finished run. `layers` are the names that must have run; `results` one `{ layer, name, state }` a test. */
export function summarise(layers, results, brokenModules) {
  const count = (state) => results.filter((result) => result.state === state).length;
  const missing = layers.filter((layer) => !results.some((result) => result.layer === layer && result.state === 'passed'));
  const lines = [
    ...results.filter((result) => result.state === 'skipped').map((result) => `skipped: ${result.layer}: ${result.name}`),
    ...layers.map((layer) => `layer ${layer}: ${results.filter((r) => r.layer === layer && r.state === 'passed').length} passed`),
    ...missing.map((layer) => `layer ${layer} ran no test: that is a failure`),
  ];
  const failed = count('failed') + brokenModules + missing.length;
  return { failed, lines, last: `${count('passed')} passed, ${failed} failed, ${count('skipped')} skipped` };
}

export default class CiReporter {
  #layers = [];

  onInit(vitest) {
    this.#layers = vitest.projects.map((project) => project.name);
  }

  onTestRunEnd(modules, errors) {
    const results = [];
    let broken = errors.length;
    for (const module of modules) {
      if (module.errors().length > 0) broken += 1; // a file that does not even load holds no tests to count
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) broken += 1; // its set-up failed, so its tests are skipped
      for (const test of module.children.allTests()) {
        results.push({
          layer: module.project.name,
          name: `${module.relativeModuleId} > ${test.fullName}`,
          state: test.result().state,
        });
      }
    }
    const summary = summarise(this.#layers, results, broken);
    if (summary.failed > 0) process.exitCode = 1;
    const file = process.env.STINT_CI_SUMMARY;
    if (!file) return;
    writeFileSync(file, '');
    for (const line of [...summary.lines, summary.last]) appendFileSync(file, `${line}\n`);
  }
}
