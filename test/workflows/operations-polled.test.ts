/** The operations in every state of an elevation whose target tells nothing by itself (AWS). */
import { operations } from './operations.js';

operations('poll');
