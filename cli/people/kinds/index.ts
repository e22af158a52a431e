/** How targets are named on a command line: a further kind is one more line here, and the compiler asks for it. */
import type { TargetKind } from '../../../contract/request.js';
import { AWS } from './aws.js';
import { MAC } from './mac.js';
import type { Naming } from './naming.js';

export const NAMINGS: { readonly [K in TargetKind]: Naming } = {
  'mac-admin': MAC,
  'aws-permission-set': AWS,
};
