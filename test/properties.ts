/** Runs before each file of the fast layer: all its properties search from the one seed. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.STINT_SEED) });
